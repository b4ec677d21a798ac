#pragma once

// The clocks of one device, both functions of the world's time alone:
//
//   monotonic  what the engine is given: never set, perhaps fast or slow, and perhaps standing
//   still
//              while the machine sleeps, as CLOCK_MONOTONIC of Linux does
//   wall       what files and pairing codes are dated by: as fast or slow, goes on during sleep,
//   and
//              people set it
//
// Without a fault both keep the world's time, and cost one comparison.

#include <cstdint>

#include "kith/time.h"

namespace kith::sim {

// The most that a clock may be off, in parts per million: 10 %, a thousand times what crystals do.
inline constexpr std::int32_t kMostClockPpm = 100'000;

class HostClock {
 public:
  Instant monotonic(Instant world) const { return faultless_ ? world : monotonic_.at(world); }
  // Since the world began, by the wall clock.
  Duration wall(Instant world) const {
    return faultless_ ? world - Instant{} : wall_.at(world) - Instant{};
  }
  // The first instant of the world at which the monotonic clock shows `local`, as it now runs.
  Instant world_at(Instant local) const {
    return faultless_ || local == Instant::never() ? local : monotonic_.reached(local);
  }

  // From `world` on, both clocks gain so much.
  void change_rate(Instant world, std::int32_t ppm) {
    faultless_ = false;
    monotonic_ = {world, monotonic_.at(world), ppm};
    wall_ = {world, wall_.at(world), ppm};
  }
  void set_wall(Instant world, Duration by) {
    faultless_ = false;
    wall_ = {world, wall_.at(world) + by, wall_.ppm};
  }
  // The machine sleeps from here to there: the monotonic clock stands still.
  void fall_asleep(Instant world) { asleep_at_ = monotonic(world); }
  void wake(Instant world) {
    faultless_ = false;
    monotonic_ = {world, asleep_at_, monotonic_.ppm};
  }

 private:
  static constexpr std::int64_t kMillion = 1'000'000;

  // Shows `shown` at `base`, and gains `ppm`. Exact in 64 bits for more than a year.
  struct Mapping {
    Instant base;
    Instant shown;
    std::int32_t ppm = 0;

    Instant at(Instant world) const {
      const std::int64_t passed = (world - base).count();
      return {shown.ns + passed / kMillion * (kMillion + ppm) +
              passed % kMillion * (kMillion + ppm) / kMillion};
    }
    Instant reached(Instant local) const {
      const std::int64_t wanted = (local - shown).count();
      if (wanted <= 0) return base;
      const std::int64_t rate = kMillion + ppm;
      return {base.ns + wanted / rate * kMillion + (wanted % rate * kMillion + rate - 1) / rate};
    }
  };

  bool faultless_ = true;
  Mapping monotonic_;
  Mapping wall_;
  Instant asleep_at_;
};

}  // namespace kith::sim
