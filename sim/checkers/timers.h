#pragma once

// Invariant: an engine that was woken asks to be woken later, not earlier or at once again, and
// does not turn in circles: neither within one instant nor, through a virtual second, for nothing.

#include <cstdint>
#include <map>

#include "sim/checkers/checker.h"
#include "sim/world/device.h"

namespace kith::sim {

class Timers final : public Checker {
 public:
  // A world that cannot go on, because its clock would never advance, is halted.
  explicit Timers(World& world) : world_(world) {}

  std::string_view name() const override { return "timers"; }

  void on_step(Device& device, Instant at, const Step& step) override;

  // A batch of completions and the commands that follow it may share an instant, and a whole tree
  // of small files may be asked for at once; a thousand files are not.
  static constexpr std::uint64_t kMaxStepsPerInstant = 100'000;
  // Timers in a row that fire at one instant: several components may have one each.
  static constexpr std::uint64_t kMaxTimersPerInstant = 64;
  // In a row, with nothing done and nothing else heard: alone, an engine needs a few a minute.
  static constexpr std::uint64_t kMaxIdleTimersPerSecond = 100;

 private:
  struct Watched {
    Instant instant;
    std::uint64_t steps = 0;   // within this instant
    std::uint64_t timers = 0;  // in a row within this instant
    std::int64_t second = 0;
    std::uint64_t idle_timers = 0;  // in a row within this second
  };

  World& world_;
  std::map<DeviceIndex, Watched> devices_;
};

}  // namespace kith::sim
