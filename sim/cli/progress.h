#pragma once

// How far a run is, on one line of a terminal that is erased at the end. It looks at the run
// between slices of virtual time and changes nothing of it.

#include <chrono>
#include <cstddef>

#include "kith/time.h"
#include "sim/scenario/run.h"

namespace kith::sim {

class Progress {
 public:
  // `run` will end at `end`.
  Progress(Run& run, Duration end);
  ~Progress() { erase(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Whether somebody can see it: standard error is a terminal.
  static bool visible();

  // Between two slices.
  void look();

 private:
  using Clock = std::chrono::steady_clock;

  void show(Clock::time_point now);
  void erase();

  Run& run_;
  Duration end_;
  Clock::time_point shown_at_;
  std::uint64_t events_then_ = 0;
  std::size_t columns_ = 0;  // of what stands there now
};

}  // namespace kith::sim
