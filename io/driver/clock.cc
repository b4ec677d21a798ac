#include "io/driver/clock.h"

#include <cstdlib>
#include <ctime>

namespace kith::io {
namespace {

constexpr std::int64_t kNanosecondsPerSecond = 1'000'000'000;
constexpr std::int64_t kNanosecondsPerMs = 1'000'000;

// What slewing moves a clock by within a check, and rounding, stay far below this.
constexpr std::int64_t kNoticedMs = 1000;

std::int64_t read_ns(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return time.tv_sec * kNanosecondsPerSecond + time.tv_nsec;
}

std::int64_t wall_offset_ms() { return wall_clock_ms() - monotonic_now().ns / kNanosecondsPerMs; }

// CLOCK_BOOTTIME goes on while the machine sleeps.
std::int64_t sleep_total_ms() {
  return (read_ns(CLOCK_BOOTTIME) - read_ns(CLOCK_MONOTONIC)) / kNanosecondsPerMs;
}

bool differ(std::int64_t a_ms, std::int64_t b_ms) { return std::abs(a_ms - b_ms) >= kNoticedMs; }

}  // namespace

Instant monotonic_now() { return Instant{read_ns(CLOCK_MONOTONIC)}; }

std::int64_t wall_clock_ms() { return read_ns(CLOCK_REALTIME) / kNanosecondsPerMs; }

ClockWatch::ClockWatch() : wall_offset_ms_(wall_offset_ms()), sleep_total_ms_(sleep_total_ms()) {}

ClockWatch::Change ClockWatch::check() {
  Change change;
  const std::int64_t offset = wall_offset_ms();
  const std::int64_t slept = sleep_total_ms();
  change.wall_clock_set = differ(offset, wall_offset_ms_);
  change.slept = differ(slept, sleep_total_ms_);
  if (change.wall_clock_set) wall_offset_ms_ = offset;
  if (change.slept) sleep_total_ms_ = slept;
  return change;
}

}  // namespace kith::io
