#pragma once

// When a scenario's faults are over.

#include <optional>
#include <vector>

#include "sim/scenario/fault.h"

namespace kith::sim {

// From when on nothing goes wrong any more: what changes for good has changed, what lasts for a
// while has ended. Never, if an island stays cut off. What waits for something to happen, and is
// not told for how long, may come later all the same.
std::optional<Duration> healed_after(const std::vector<Fault>& faults);

}  // namespace kith::sim
