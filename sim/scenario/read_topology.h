#pragma once

// The "topology" of a scenario: regions, sites, devices and the wires between devices.

#include "sim/scenario/json_reader.h"
#include "sim/scenario/scenario.h"

namespace kith::sim {

inline constexpr std::size_t kMostDevices = 10'000;
inline constexpr std::size_t kMostSites = 10'000;

TopologySpec read_topology(JsonObject keys);

// Its "regions" alone.
void read_regions(JsonObject keys, TopologySpec& topology);

// The names under which workload, faults and expectations know a topology's devices and sites.
Names names_of(const TopologySpec& topology);

}  // namespace kith::sim
