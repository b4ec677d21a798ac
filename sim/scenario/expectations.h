#pragma once

// Whether what a scenario expects has come true.

#include "sim/checkers/checker.h"
#include "sim/scenario/facts.h"
#include "sim/scenario/report.h"
#include "sim/scenario/scenario.h"

namespace kith::sim {

Finding judge(const Expectation& expectation, World& world, const Facts& facts,
              const std::vector<std::unique_ptr<Checker>>& checkers);

}  // namespace kith::sim
