#pragma once

// Capsules made of runs, and runs held to what a capsule says of them.

#include <cstdint>
#include <string>
#include <vector>

#include "kith/time.h"
#include "sim/capsule/capsule.h"
#include "sim/scenario/report.h"
#include "sim/scenario/scenario.h"

namespace kith::sim {

// Violations, then expectations that were not met.
std::vector<Failure> failures_of(const Report& report);

Failure death_failure(const std::string& death);

// Of a run of `scenario` that failed. `until` is what it was given.
Capsule capsule_of(const Scenario& scenario, std::uint64_t seed, Duration until,
                   const Report& report);
// The same when its process ended: `death` says how.
Capsule capsule_of_death(const Scenario& scenario, std::uint64_t seed, Duration until,
                         const std::string& death);

// A sentence, without its full stop, for each thing in which a run of the capsule's document under
// its seed came out otherwise. Empty: all is the same.
std::vector<std::string> differences(const Capsule& capsule, const Report& report);
// The same of a run in a process of its own that ended as `death` says; empty if it did not.
std::vector<std::string> differences_of_death(const Capsule& capsule, const std::string& death);

}  // namespace kith::sim
