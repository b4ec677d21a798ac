#pragma once

// What one peer, or one application, can make this device hold.

#include <cstddef>

#include "kith/time.h"

namespace kith::messaging {

// Larger content is a file.
inline constexpr std::size_t kMaxBodyBytes = 64 * 1024;
// A body and its envelope.
inline constexpr std::size_t kMaxFrameBytes = 80 * 1024;
// Messages that wait for one device; one more is refused with limit_exceeded.
inline constexpr std::size_t kMaxQueued = 1024;
// Messages of one device that the application here has not acknowledged. One more waits at its
// sender.
inline constexpr std::size_t kMaxUnacknowledged = 1024;

// Attempts to reach a device that has messages waiting: the first pause and the longest.
inline constexpr Duration kFirstRetry = std::chrono::seconds(1);
inline constexpr Duration kLongestRetry = std::chrono::minutes(1);
// The peer answers a greeting after one round trip.
inline constexpr Duration kGreetingTimeout = std::chrono::seconds(10);
// A connection dialled here that carries nothing ends.
inline constexpr Duration kIdleLinger = std::chrono::seconds(60);

}  // namespace kith::messaging
