#pragma once

// The "faults" of a scenario: each kind has a reader of its own, found by name in one table.

#include <vector>

#include "sim/scenario/json_reader.h"
#include "sim/scenario/scenario.h"

namespace kith::sim {

// `scenario` has its topology and duration already.
std::vector<Fault> read_faults(const JsonValue& value, const Names& names,
                               const Scenario& scenario);

}  // namespace kith::sim
