#pragma once

// The clocks of the system, in the engine's terms.

#include <cstdint>

#include "kith/time.h"

namespace kith::io {

// CLOCK_MONOTONIC: never set, and stands still while the machine sleeps.
Instant monotonic_now();

// Milliseconds since the Unix epoch.
std::int64_t wall_clock_ms();

// Tells, when asked now and then, what a monotonic clock cannot.
class ClockWatch {
 public:
  ClockWatch();

  struct Change {
    bool wall_clock_set = false;  // it differs by a second or more from what was last reported
    bool slept = false;           // the machine was suspended for a second or more
  };
  Change check();

 private:
  std::int64_t wall_offset_ms_;
  std::int64_t sleep_total_ms_;
};

}  // namespace kith::io
