#pragma once

// How much one step of a workload may do. What is larger is refused.

#include <cstdint>

#include "kith/time.h"

namespace kith::sim {

inline constexpr std::uint64_t kMostMessages = 10'000;
inline constexpr std::uint64_t kMostBodyBytes = 60'000;
inline constexpr Duration kLongestPause = std::chrono::hours(24);  // between two messages
inline constexpr Duration kLongestRetry = std::chrono::hours(24);

}  // namespace kith::sim
