#include "sim/checkers/timers.h"

#include <fmt/core.h>

#include "sim/world/world.h"

namespace kith::sim {
namespace {

constexpr std::int64_t kNanosecondsPerSecond = 1'000'000'000;

}  // namespace

void Timers::on_step(Device& device, Instant at, const Step& step) {
  Watched& watched = devices_[device.index()];
  if (at != watched.instant) {
    watched.instant = at;
    watched.steps = 0;
    watched.timers = 0;
  }
  if (at.ns / kNanosecondsPerSecond != watched.second) {
    watched.second = at.ns / kNanosecondsPerSecond;
    watched.idle_timers = 0;
  }
  if (++watched.steps > kMaxStepsPerInstant) {
    violate(device, at, "takes step after step within one instant");
    world_.halt(first_violation());
  }
  watched.timers = step.timer ? watched.timers + 1 : 0;
  if (watched.timers > kMaxTimersPerInstant) {
    violate(device, at, fmt::format("is woken again and again at once for {}", step.asked_by));
    world_.halt(first_violation());
  }
  if (step.timer && step.wakeup && step.wakeup->at < at) {
    violate(device, at,
            fmt::format("was woken for {} and wants to be woken in the past for {}", step.asked_by,
                        step.wakeup->reason));
  }
  const bool idle = step.timer && step.outputs == 0 && step.transmits == 0;
  watched.idle_timers = idle ? watched.idle_timers + 1 : 0;
  if (watched.idle_timers > kMaxIdleTimersPerSecond) {
    violate(device, at,
            fmt::format("was woken over {} times in a second and did nothing, last for {}",
                        kMaxIdleTimersPerSecond, step.asked_by));
  }
}

}  // namespace kith::sim
