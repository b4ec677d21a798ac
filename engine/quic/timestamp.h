#pragma once

// Between the engine's Instant and ngtcp2's timestamp, both in nanoseconds. Instants may be zero or
// negative; ngtcp2 counts without a sign and subtracts durations from what it is given, so the
// origin is moved far from zero.

#include <algorithm>
#include <cstdint>
#include <limits>

#include "kith/time.h"

namespace kith::quic {

inline constexpr std::int64_t kTimestampOrigin = std::int64_t{1} << 62;

inline std::uint64_t to_timestamp(Instant at) {
  const std::int64_t ns = std::clamp(at.ns, -kTimestampOrigin + 1, kTimestampOrigin - 1);
  return static_cast<std::uint64_t>(ns + kTimestampOrigin);
}

// ngtcp2 says "never" with the largest value.
inline Instant from_timestamp(std::uint64_t ts) {
  constexpr auto kLatest = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  return ts > kLatest ? Instant::never()
                      : Instant{static_cast<std::int64_t>(ts) - kTimestampOrigin};
}

// ngtcp2's durations have no sign either.
inline std::uint64_t to_duration(Duration duration) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(duration.count(), 0));
}

}  // namespace kith::quic
