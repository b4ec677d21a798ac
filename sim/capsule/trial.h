#pragma once

// One run to see whether it fails: in this process, or in one of its own that may end.

#include <cstdint>
#include <functional>
#include <string>

#include "kith/result.h"
#include "sim/scenario/report.h"
#include "sim/scenario/scenario.h"

namespace kith::sim {

struct Trial {
  Report report;      // of a run that ended here
  std::string death;  // how its process ended, if it had one of its own that did
};

// Runs a scenario under a seed until a time.
using RunTrial = std::function<Trial(const Scenario&, std::uint64_t seed, Duration until)>;

Trial run_here(const Scenario& scenario, std::uint64_t seed, Duration until);

// Says nothing of a run that did not end its process. `quiet`: what the process writes to standard
// error is dropped. io_error: no process could be started.
Result<Trial> run_apart(const Scenario& scenario, std::uint64_t seed, Duration until, bool quiet);

}  // namespace kith::sim
