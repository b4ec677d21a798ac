#pragma once

// Where the way to one device stands, and the only moves between.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace kith::messaging {

enum class OutboxState : std::uint8_t {
  idle,      // nothing waits
  dialing,   // a connection was asked for
  opening,   // a stream was asked for on a connection
  greeting,  // our epoch is sent, what the receiver holds of it is not known
  flowing,   // envelopes go out as they are queued
  waiting,   // the last attempt failed: until the pause is over
};
inline constexpr std::size_t kOutboxStates = 6;

enum class OutboxTrigger : std::uint8_t {
  queued,     // a message has become durable
  connected,  // a connection with the device is there
  dial_failed,
  stream_ready,
  resumed,  // the receiver said what it holds
  lost,     // connection or stream are gone, or the greeting was not answered
  due,      // the pause is over and something waits
  emptied,  // nothing waits any more, or the device is forgotten
};
inline constexpr std::size_t kOutboxTriggers = 8;

std::string_view to_string(OutboxState state);
std::string_view to_string(OutboxTrigger trigger);

// Empty where the trigger cannot occur or changes nothing.
std::optional<OutboxState> next_state(OutboxState from, OutboxTrigger trigger);

}  // namespace kith::messaging
