#pragma once

// The commands of kith-sim that work on recordings (schemas/trace.md).

#include <string>

namespace kith::sim {

// Executes a recording again. 0: the same, to its end. 1: it diverged, or was altered. 2: no
// recording that this program can read to its end; what could be read is replayed first.
int replay_file(const std::string& path, bool json);

// Writes a timeline of `path` without its secrets to the new file `out`. Exit codes: 0; 2 if either
// file does not work. A recording that is cut short is written up to the cut, with exit code 2.
int redact_file(const std::string& path, const std::string& out);

}  // namespace kith::sim
