#pragma once

// What kith-sim does with capsules (schemas/capsule.md).

#include <string>

#include "sim/cli/replay_options.h"
#include "sim/scenario/workload.h"

namespace kith::sim {

// Runs a capsule again. 0: the same came of it, or it was stopped before its end. 1: something
// differs. 2: no capsule that can be run, or no such device.
int replay_capsule(const ReplayOptions& options, const Handlers& handlers);

struct ShrinkOptions {
  std::string file;
  std::string out;   // a new file; one beside it if nothing
  std::string time;  // seconds on the wall, or nothing
  bool json = false;
};

// Writes a smaller capsule that fails in the same way, at the latest when the time is over or at a
// SIGINT. 0: done. 1: it does not fail any more. 2: no capsule that can be run, or nowhere to
// write.
int shrink_capsule(const ShrinkOptions& options, const Handlers& handlers);

// Prints the scenario of a capsule, and on standard error how it was run. 0: done. 2: no capsule.
int expand_capsule(const std::string& file);

}  // namespace kith::sim
