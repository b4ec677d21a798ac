#pragma once

// What the steps that ship need of each other, and what expectations need of them. A step of a kind
// that a program added may pair, send and write as well: with one of these, nothing is missing.

#include <string_view>
#include <vector>

#include "sim/scenario/json_reader.h"
#include "sim/scenario/scenario.h"

namespace kith::sim {

// Refuses a "send" or "message" between two devices that no step pairs: it would wait for ever.
void check_pairs(const JsonValue& workload, const Names& names);

// Refuses the name of a step that is of another kind than `kind`, and of one that there is not.
std::string read_step_name(const JsonValue& value, const std::vector<ScheduledStep>& workload,
                           std::string_view kind);

// Refuses an expectation of all steps of a kind where there is none.
void check_any(const JsonValue& expectation, const std::vector<ScheduledStep>& workload,
               std::string_view kind);

}  // namespace kith::sim
