#pragma once

// A smaller scenario that fails in the same way: parts are left out or made less, each candidate is
// read as any scenario and run under the same seed, and what still fails is gone on with.
// schemas/capsule.md says what is tried and what must stay.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "kith/result.h"
#include "sim/capsule/capsule.h"
#include "sim/capsule/trial.h"
#include "sim/scenario/workload.h"

namespace kith::sim {

struct ShrinkTask {
  std::string document;  // explicit, JSON
  std::uint64_t seed = 0;
  Duration until{};
  Failure failure;  // kind and name are to stay; of a death the value, too
  Handlers handlers;
};

// How large a run is. After a death nobody knows its events.
struct RunSize {
  std::size_t devices = 0;
  std::size_t faults = 0;
  std::size_t steps = 0;
  Duration virtual_time{};
  std::uint64_t events = 0;
};

struct Shrunk {
  std::string document;
  Duration until{};
  Trial trial;  // of this document: fails in the same way
  RunSize before;
  RunSize after;
  std::uint64_t trials = 0;
  bool finished = false;  // nothing more was found; false if the budget was used up before
};

// `goes_on` is asked before each trial whether the budget allows another one. invalid_argument: the
// document is none, or a run of it does not fail in that way.
Result<Shrunk> shrink(const ShrinkTask& task, const RunTrial& run,
                      const std::function<bool()>& goes_on);

}  // namespace kith::sim
