#include "sim/scenario/read_faults.h"

#include <fmt/core.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>

#include "sim/scenario/read_links.h"

namespace kith::sim {
namespace {

using FaultAction = decltype(Fault::what);

// What readers look things up in.
struct Surroundings {
  const Names& names;
  TopologySpec topology;  // as the faults so far have left it
};

FaultAction read_link(JsonObject& keys, Surroundings& known) {
  std::vector<WireSpec>& wires = known.topology.wires;
  const FoundLink found = find_link(keys.at("between"), known.names, wires);
  WireSpec& wire = wires[found.index];
  read_link_properties(keys, found.reversed ? wire.back : wire.there,
                       found.reversed ? wire.there : wire.back);
  return LinkFault{found.index, wire.there, wire.back};
}

FaultAction read_line(JsonObject& keys, Surroundings& known) {
  const SiteId site = known.names.site(keys.at("site"));
  MemberSpec& line = known.topology.sites[site].line;
  read_link_properties(keys, line.up, line.down);
  return LineFault{site, line.up, line.down};
}

FaultAction read_network(JsonObject& keys, Surroundings& known) {
  const DeviceIndex device = known.names.device(keys.at("device"));
  std::vector<AttachmentSpec>& networks = known.topology.devices[device].attachments;
  if (networks.empty()) keys.refuse("device", "has no \"networks\"");
  const auto network =
      static_cast<std::size_t>(networks.size() == 1 && !keys.has("network")
                                   ? 0
                                   : keys.at("network").integer(0, networks.size() - 1));
  AttachmentSpec& attachment = networks[network];
  read_link_properties(keys, attachment.link.up, attachment.link.down);
  attachment.connected = keys.boolean_or("connected", attachment.connected);
  const bool ipv6 = keys.boolean_or("ipv6", true);
  return NetworkFault{
      device, network, attachment.link.up, attachment.link.down, attachment.connected, ipv6};
}

FaultAction read_gateway(JsonObject& keys, Surroundings& known) {
  const SiteId site = known.names.site(keys.at("site"));
  const JsonValue mishap = keys.at("does");
  if (mishap.text() == "reboot") return GatewayFault{site, GatewayMishap::reboot};
  if (mishap.text() == "rebind") return GatewayFault{site, GatewayMishap::rebind};
  if (mishap.text() == "renumber") return GatewayFault{site, GatewayMishap::renumber};
  mishap.refuse(
      fmt::format("no such mishap: \"{}\"; known: reboot, rebind, renumber", mishap.text()));
}

Network::Cut read_cut(const JsonValue& value) {
  if (value.text() == "none") return Network::Cut::none;
  if (value.text() == "inbound") return Network::Cut::inbound;
  if (value.text() == "outbound") return Network::Cut::outbound;
  if (value.text() == "both") return Network::Cut::both;
  value.refuse(
      fmt::format("no such cut: \"{}\"; known: none, inbound, outbound, both", value.text()));
}

FaultAction read_partition(JsonObject& keys, Surroundings& known) {
  PartitionFault fault;
  if (keys.has("sites")) {
    for (const JsonValue& name : keys.at("sites").array(0, kMostEntries)) {
      fault.sites.push_back(known.names.site(name));
    }
  }
  if (keys.has("devices")) {
    for (const JsonValue& name : keys.at("devices").array(0, kMostEntries)) {
      fault.devices.push_back(known.names.device(name));
    }
  }
  fault.island = static_cast<unsigned>(keys.integer_or("island", 0, Network::kIslands - 1, 0));
  fault.cut = read_cut(keys.at("cut"));
  return fault;
}

FaultAction read_kill(JsonObject& keys, Surroundings& known) {
  return StopFault{known.names.device(keys.at("device")), Ending::killed,
                   keys.seconds("down_s", kLongestRun)};
}

FaultAction read_crash(JsonObject& keys, Surroundings& known) {
  return StopFault{known.names.device(keys.at("device")), Ending::crashed,
                   keys.seconds("down_s", kLongestRun)};
}

struct FaultReader {
  std::string_view kind;
  FaultAction (*read)(JsonObject& keys, Surroundings& known);
};

constexpr FaultReader kReaders[] = {
    {"link", read_link},       {"line", read_line},           {"network", read_network},
    {"gateway", read_gateway}, {"partition", read_partition}, {"kill", read_kill},
    {"crash", read_crash},
};

const FaultReader& find_reader(const JsonValue& kind) {
  const std::string text = kind.text();
  const auto* const found =
      std::find_if(std::begin(kReaders), std::end(kReaders),
                   [&text](const FaultReader& reader) { return reader.kind == text; });
  if (found != std::end(kReaders)) return *found;
  std::string known;
  for (const FaultReader& reader : kReaders) {
    known += fmt::format("{}{}", known.empty() ? "" : ", ", reader.kind);
  }
  kind.refuse(fmt::format("no such kind of fault: \"{}\"; known: {}", text, known));
}

}  // namespace

std::vector<Fault> read_faults(const JsonValue& value, const Names& names,
                               const Scenario& scenario) {
  std::vector<Fault> faults;
  Surroundings known{names, scenario.topology};
  Duration last{};
  for (const JsonValue& entry : value.array(0, kMostEntries)) {
    JsonObject keys = entry.object();
    const FaultReader& reader = find_reader(keys.at("kind"));
    Fault fault;
    fault.at = keys.seconds("at_s", scenario.duration);
    if (fault.at < last) keys.refuse("at_s", "faults must stand in the order of their times");
    last = fault.at;
    fault.what = reader.read(keys, known);
    keys.done();
    faults.push_back(std::move(fault));
  }
  return faults;
}

}  // namespace kith::sim
