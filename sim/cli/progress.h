#pragma once

// How far a run is. It looks at the run between slices of virtual time and changes nothing of it.

#include <cstdint>

#include "kith/time.h"
#include "sim/cli/status_line.h"
#include "sim/scenario/run.h"

namespace kith::sim {

class Progress {
 public:
  // `run` will end at `end`.
  Progress(Run& run, Duration end) : run_(run), end_(end) {}

  // Between two slices.
  void look();

 private:
  Run& run_;
  Duration end_;
  StatusLine line_;
  std::uint64_t events_then_ = 0;
};

}  // namespace kith::sim
