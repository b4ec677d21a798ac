#include "sim/world/fired.h"

#include <array>
#include <string_view>

#include "sim/nat/nat.h"

namespace kith::sim {
namespace {

constexpr std::array<std::string_view, kFates> kFateNames = {
    "",          "link.down",         "link.too_big", "link.policed", "link.queue_full",
    "link.lost", "link.lost_in_burst"};

struct NetworkProbe {
  std::string_view name;
  std::uint64_t NetworkCounters::*count;
};
constexpr NetworkProbe kNetworkProbes[] = {
    {"link.duplicated", &NetworkCounters::duplicated},
    {"link.replayed", &NetworkCounters::replayed},
    {"link.reordered", &NetworkCounters::reordered},
    {"link.corrupted", &NetworkCounters::corrupted},
    {"link.truncated", &NetworkCounters::truncated},
    {"link.bleached", &NetworkCounters::bleached},
    {"network.unroutable", &NetworkCounters::unroutable},
    {"network.partitioned", &NetworkCounters::partitioned},
    {"network.forged", &NetworkCounters::forged},
};

std::string nat_name(NatProbe probe) { return "nat." + std::string(to_string(probe)); }
std::string drop_name(NatDrop drop) { return "nat.drop." + std::string(to_string(drop)); }

std::string mapping_name(MappingProbe probe) {
  return "port_mapping." + std::string(to_string(probe));
}

// A firewall has no axis but filtering: its other cells are the same as this one.
bool is_distinct(std::size_t cell) {
  const NatSpec spec = cell_spec(cell);
  NatSpec plain;
  plain.translate = spec.translate;
  plain.filtering = spec.filtering;
  return spec.translate || cell_of(plain) == cell;
}

class Collector {
 public:
  void add(std::string_view name, std::uint64_t times) {
    if (times > 0) fired_[std::string(name)] += times;
  }

  void add_gateway(const Nat& nat) {
    for (std::size_t i = 0; i < kNatProbes; ++i) {
      const auto probe = static_cast<NatProbe>(i);
      add(nat_name(probe), nat.seen(probe));
    }
    for (std::size_t i = 1; i < kNatDrops; ++i) {
      const auto drop = static_cast<NatDrop>(i);
      add(drop_name(drop), nat.drops(drop));
    }
    if (nat.passed_out() > 0 && nat.passed_in() > 0) {
      add("cell." + cell_name(cell_of(nat.spec())), 1);
    }
  }

  void add_service(const PortMapping& service) {
    for (std::size_t i = 0; i < kMappingProbes; ++i) {
      const auto probe = static_cast<MappingProbe>(i);
      add(mapping_name(probe), service.seen(probe));
    }
  }

  std::map<std::string, std::uint64_t> take() { return std::move(fired_); }

 private:
  std::map<std::string, std::uint64_t> fired_;
};

}  // namespace

std::map<std::string, std::uint64_t> fired_in(World& world) {
  Collector collector;
  for (const auto& [name, times] : world.probes().all()) collector.add(name, times);
  const NetworkCounters& network = world.network().counters();
  for (std::size_t i = 1; i < kFates; ++i) collector.add(kFateNames[i], network.fates[i]);
  for (const NetworkProbe& probe : kNetworkProbes) collector.add(probe.name, network.*probe.count);
  for (SiteId site = 0; site < world.topology().site_count(); ++site) {
    const GatewayId gateway = world.topology().gateway(site);
    collector.add_gateway(world.network().nat(gateway));
    collector.add_gateway(world.network().firewall(gateway));
    collector.add_service(world.network().port_mapping(gateway));
  }
  return collector.take();
}

std::vector<std::string> probe_names() {
  std::vector<std::string> names;
  for (const std::string_view name : kProbeNames) names.emplace_back(name);
  for (std::size_t i = 1; i < kFates; ++i) names.emplace_back(kFateNames[i]);
  for (const NetworkProbe& probe : kNetworkProbes) names.emplace_back(probe.name);
  for (std::size_t i = 0; i < kNatProbes; ++i) names.push_back(nat_name(static_cast<NatProbe>(i)));
  for (std::size_t i = 1; i < kNatDrops; ++i) {
    // A network brings no datagram to a NAT of the other IP version.
    const auto drop = static_cast<NatDrop>(i);
    if (drop != NatDrop::other_family) names.push_back(drop_name(drop));
  }
  for (std::size_t i = 0; i < kMappingProbes; ++i) {
    names.push_back(mapping_name(static_cast<MappingProbe>(i)));
  }
  for (std::size_t i = 0; i < kNatCells; ++i) {
    if (is_distinct(i)) names.push_back("cell." + cell_name(i));
  }
  return names;
}

}  // namespace kith::sim
