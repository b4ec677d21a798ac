#include "sim/scenario/read_faults.h"

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

#include "sim/scenario/read_adversaries.h"
#include "sim/scenario/read_links.h"

namespace kith::sim {
namespace {

// Longer than any engine waits for anything, and no clock of 2026 falls out of its range.
constexpr Duration kLargestClockJump = std::chrono::hours(24 * 365 * 10);
constexpr std::uint64_t kMostNth = 1'000'000'000;
constexpr std::uint64_t kSlowestDisk = 1'000'000;
constexpr std::uint64_t kLargestReceiveBuffer = 1ull << 30;

// What readers look things up in.
struct Surroundings {
  const Names& names;
  TopologySpec topology;  // as the faults so far have left it
};

// A word that stands for a value.
template <class Value>
using Word = std::pair<std::string_view, Value>;

template <class Value, std::size_t N>
Value read_word(const JsonValue& value, const Word<Value> (&choices)[N]) {
  std::vector<std::string_view> known;
  for (const auto& [name, meaning] : choices) {
    if (name == value.text()) return meaning;
    known.push_back(name);
  }
  value.refuse(fmt::format("must be one of: {}; not \"{}\"", fmt::join(known, ", "), value.text()));
}

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
  constexpr Word<GatewayMishap> kMishaps[] = {{"reboot", GatewayMishap::reboot},
                                              {"rebind", GatewayMishap::rebind},
                                              {"renumber", GatewayMishap::renumber},
                                              {"exhaust", GatewayMishap::exhaust}};
  const SiteId site = known.names.site(keys.at("site"));
  return GatewayFault{site, read_word(keys.at("does"), kMishaps)};
}

FaultAction read_partition(JsonObject& keys, Surroundings& known) {
  constexpr Word<Network::Cut> kCuts[] = {{"none", Network::Cut::none},
                                          {"inbound", Network::Cut::inbound},
                                          {"outbound", Network::Cut::outbound},
                                          {"both", Network::Cut::both}};
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
  fault.cut = read_word(keys.at("cut"), kCuts);
  return fault;
}

DeviceIndex read_device(JsonObject& keys, const Surroundings& known) {
  return known.names.device(keys.at("device"));
}

// How long it lasts: not at all is a mistake.
Duration read_lasting(JsonObject& keys) {
  const Duration lasting = keys.seconds("for_s", kLongestRun);
  if (lasting == Duration{}) keys.refuse("for_s", "must be above 0");
  return lasting;
}

PowerLoss read_power_loss(JsonObject& keys) {
  return {keys.boolean_or("torn_sectors", false), keys.boolean_or("misdirected", false)};
}

FaultAction read_kill(JsonObject& keys, Surroundings& known) {
  return StopFault{
      read_device(keys, known), Ending::killed, keys.seconds("down_s", kLongestRun), {}};
}

FaultAction read_crash(JsonObject& keys, Surroundings& known) {
  return StopFault{read_device(keys, known), Ending::crashed, keys.seconds("down_s", kLongestRun),
                   read_power_loss(keys)};
}

FaultAction read_crash_at_effect(JsonObject& keys, Surroundings& known) {
  constexpr Word<EffectKind> kEffectNames[] = {
      {"store_commit", EffectKind::store_commit},
      {"file", EffectKind::file},
      {"datagram_sent", EffectKind::datagram_sent},
      {"datagram_received", EffectKind::datagram_received},
  };
  constexpr Word<Moment> kMoments[] = {
      {"before", Moment::before}, {"during", Moment::during}, {"after", Moment::after}};
  constexpr Word<Ending> kEndings[] = {{"kill", Ending::killed}, {"crash", Ending::crashed}};
  CrashAtEffectFault fault;
  fault.device = read_device(keys, known);
  Crash& crash = fault.crash;
  crash.effect = read_word(keys.at("effect"), kEffectNames);
  crash.nth = keys.integer_or("nth", 1, kMostNth, 1);
  crash.moment = read_word(keys.at("moment"), kMoments);
  const bool divisible =
      crash.effect == EffectKind::store_commit || crash.effect == EffectKind::file;
  if (crash.moment == Moment::during && !divisible) {
    keys.refuse("moment", "a datagram has no middle");
  }
  if (keys.has("ending")) crash.ending = read_word(keys.at("ending"), kEndings);
  if (crash.ending == Ending::crashed) crash.loss = read_power_loss(keys);
  crash.down = keys.seconds("down_s", kLongestRun);
  if (keys.has("for_s")) fault.waiting = read_lasting(keys);
  return fault;
}

FaultAction read_pause(JsonObject& keys, Surroundings& known) {
  constexpr Word<bool> kMonotonic[] = {{"counts", false}, {"stops", true}};
  PauseFault fault;
  fault.device = read_device(keys, known);
  fault.pause.lasting = read_lasting(keys);
  if (keys.has("monotonic_clock")) {
    fault.pause.monotonic_stops = read_word(keys.at("monotonic_clock"), kMonotonic);
  }
  fault.pause.buffer_bytes = static_cast<std::size_t>(
      keys.integer_or("buffer_bytes", 0, kLargestReceiveBuffer, fault.pause.buffer_bytes));
  return fault;
}

FaultAction read_clock_rate(JsonObject& keys, Surroundings& known) {
  return ClockRateFault{read_device(keys, known),
                        static_cast<std::int32_t>(keys.at("ppm").signed_decimal(0, kMostClockPpm))};
}

FaultAction read_clock_jump(JsonObject& keys, Surroundings& known) {
  return ClockJumpFault{read_device(keys, known),
                        Duration{keys.at("by_s").signed_decimal(
                            9, static_cast<std::uint64_t>(kLargestClockJump.count()))}};
}

FaultAction read_send_errors(JsonObject& keys, Surroundings& known) {
  return SendErrorsFault{read_device(keys, known), read_lasting(keys)};
}

FaultAction read_bit_rot(JsonObject& keys, Surroundings& known) {
  BitRotFault fault;
  fault.device = read_device(keys, known);
  const JsonValue path = keys.at("path");
  fault.path = path.text();
  if (fault.path == "any") {
    fault.path.clear();
  } else if (!fault.path.starts_with('/')) {
    path.refuse("must be an absolute path or \"any\"");
  }
  return fault;
}

FaultAction read_disk_full(JsonObject& keys, Surroundings& known) {
  return DiskFullFault{read_device(keys, known), read_lasting(keys)};
}

// The nth from now on, within a time or whenever it comes; or all within a time.
template <class Fault>
void read_one_or_all(JsonObject& keys, Fault& fault) {
  if (!keys.has("nth") && !keys.has("for_s")) keys.refuse("needs \"nth\" or \"for_s\"");
  if (keys.has("nth")) fault.nth = keys.at("nth").integer(1, kMostNth);
  if (keys.has("for_s")) fault.lasting = read_lasting(keys);
}

FaultAction read_disk_error(JsonObject& keys, Surroundings& known) {
  constexpr Word<DiskOperation> kOperations[] = {
      {"any", DiskOperation::any},       {"read", DiskOperation::read},
      {"write", DiskOperation::write},   {"sync", DiskOperation::sync},
      {"rename", DiskOperation::rename},
  };
  DiskErrorFault fault;
  fault.device = read_device(keys, known);
  fault.operation = read_word(keys.at("operation"), kOperations);
  read_one_or_all(keys, fault);
  return fault;
}

FaultAction read_store_error(JsonObject& keys, Surroundings& known) {
  constexpr Word<ErrorCode> kCodes[] = {
      {"io_error", ErrorCode::io_error},
      {"no_space", ErrorCode::no_space},
  };
  StoreErrorFault fault;
  fault.device = read_device(keys, known);
  fault.code = read_word(keys.at("error"), kCodes);
  read_one_or_all(keys, fault);
  return fault;
}

FaultAction read_spoofed_sources(JsonObject& keys, Surroundings& known) {
  return read_spoofer(keys, known.names);
}
FaultAction read_forged_mdns(JsonObject& keys, Surroundings& known) {
  return read_lan_liar(keys, known.names);
}
FaultAction read_stale_records(JsonObject& keys, Surroundings& known) {
  return read_stale(keys, known.names);
}
FaultAction read_grabbed_ports(JsonObject& keys, Surroundings& known) {
  return read_port_grabber(keys, known.names);
}

FaultAction read_dht_sybils(JsonObject& keys, Surroundings& known) {
  return read_sybils(keys, known.names, known.topology);
}

FaultAction read_disk_slow(JsonObject& keys, Surroundings& known) {
  return DiskSlowFault{read_device(keys, known), read_lasting(keys),
                       static_cast<std::uint32_t>(keys.at("factor").integer(2, kSlowestDisk))};
}

struct FaultReader {
  std::string_view kind;
  FaultAction (*read)(JsonObject& keys, Surroundings& known);
};

constexpr FaultReader kReaders[] = {
    {"link", read_link},
    {"line", read_line},
    {"network", read_network},
    {"gateway", read_gateway},
    {"partition", read_partition},
    {"kill", read_kill},
    {"crash", read_crash},
    {"crash_at_effect", read_crash_at_effect},
    {"pause", read_pause},
    {"clock_rate", read_clock_rate},
    {"clock_jump", read_clock_jump},
    {"send_errors", read_send_errors},
    {"bit_rot", read_bit_rot},
    {"disk_full", read_disk_full},
    {"disk_error", read_disk_error},
    {"store_error", read_store_error},
    {"disk_slow", read_disk_slow},
    {"spoofed_sources", read_spoofed_sources},
    {"forged_mdns", read_forged_mdns},
    {"stale_records", read_stale_records},
    {"dht_sybils", read_dht_sybils},
    {"grabbed_ports", read_grabbed_ports},
};

const FaultReader& find_reader(const JsonValue& kind) {
  std::vector<std::string_view> known;
  for (const FaultReader& reader : kReaders) {
    if (reader.kind == kind.text()) return reader;
    known.push_back(reader.kind);
  }
  kind.refuse_unknown("kind of fault", known);
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
    fault.at = keys.seconds("at_s", scenario.duration, "duration_s");
    if (fault.at < last) keys.refuse("at_s", "faults must stand in the order of their times");
    last = fault.at;
    fault.what = reader.read(keys, known);
    keys.done();
    faults.push_back(std::move(fault));
  }
  return faults;
}

}  // namespace kith::sim
