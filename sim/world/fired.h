#pragma once

// What really took effect in a world, by name and how often: faults of hosts and disks
// ("torn_write"), of links ("link.lost"), what gateways did ("nat.rebound", "port_mapping.lied")
// and which kinds of gateways datagrams passed both ways ("cell.apdm/apdf/..."). A test that never
// met a fault has not tested it.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "sim/world/world.h"

namespace kith::sim {

// Those that fired at all.
std::map<std::string, std::uint64_t> fired_in(World& world);

// All there are.
std::vector<std::string> probe_names();

}  // namespace kith::sim
