#pragma once

// The "topology" of a scenario: regions, sites, devices and the wires between devices.

#include "sim/scenario/json_reader.h"
#include "sim/scenario/scenario.h"

namespace kith::sim {

TopologySpec read_topology(JsonObject keys);

// The names under which workload, faults and expectations know a topology's devices and sites.
Names names_of(const TopologySpec& topology);

}  // namespace kith::sim
