#pragma once

// What kith-sim does with recordings (schemas/trace.md).

#include <string>

#include "sim/cli/replay_options.h"

namespace kith::sim {

// Executes a recording again. 0: the same, to its end or to where it was to stop. 1: it diverged,
// or was altered. 2: no recording that this program can read to its end, of which what could be
// read is replayed first; or one of another device than asked for.
int replay_file(const ReplayOptions& options);

// Prints a timeline of it without its secrets. 0: to its end. 2: what could not be read, or
// printed, is missing at the end.
int redact_file(const std::string& path);

}  // namespace kith::sim
