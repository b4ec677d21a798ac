#pragma once

// Whether what a scenario expects has come true.

#include "sim/checkers/checker.h"
#include "sim/scenario/facts.h"
#include "sim/scenario/report.h"
#include "sim/scenario/scenario.h"

namespace kith::sim {

// `duration`: of the scenario. What is not met is open if the run ended before it had to be: before
// its `within`, or without one before the scenario's end.
Finding judge(const Expectation& expectation, Duration duration, World& world, const Facts& facts,
              const std::vector<std::unique_ptr<Checker>>& checkers);

}  // namespace kith::sim
