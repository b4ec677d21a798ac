#pragma once

// Time as the engine knows it: a monotonic instant given by the driver. There is no now().

#include <chrono>
#include <compare>
#include <cstdint>
#include <limits>

namespace kith {

// A span of time.
using Duration = std::chrono::nanoseconds;

// Nanoseconds since an origin the driver chooses; never decreases between two calls.
struct Instant {
  std::int64_t ns = 0;

  // Later than every other instant.
  static constexpr Instant never() { return {std::numeric_limits<std::int64_t>::max()}; }

  friend constexpr auto operator<=>(Instant, Instant) = default;
  friend constexpr Instant operator+(Instant at, Duration by) { return {at.ns + by.count()}; }
  friend constexpr Instant operator-(Instant at, Duration by) { return {at.ns - by.count()}; }
  friend constexpr Duration operator-(Instant later, Instant earlier) {
    return Duration{later.ns - earlier.ns};
  }
};

}  // namespace kith
