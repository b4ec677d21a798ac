#pragma once

// The states of a sender and every transition that is legal.
//
//   preparing --> opening --> offering --> sending --> finishing --> ended
//       \____________\____________\___________\____________\________/^

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace kith::transfer {

enum class SenderState : std::uint8_t {
  preparing,  // reads the tree and dials the device, both at once
  opening,    // waits for its control stream
  offering,   // offer and manifest are on their way; waits for an answer
  sending,    // chunks and digests
  finishing,  // everything is said; waits for the receiver to have it durable
  ended,      // the outcome was told; at most files are still to be closed
};
inline constexpr std::size_t kSenderStates = 6;

enum class SenderEvent : std::uint8_t {
  // of this device
  prepared,
  control_opened,
  all_sent,
  source_failed,  // the named paths cannot be read
  dial_failed,
  cancelled,
  connection_lost,
  // of the receiver
  accepted,
  declined,
  written,
  item_done,
  done,
  aborted,
  violated,  // it said what it must not say
};
inline constexpr std::size_t kSenderEvents = 14;

std::string_view to_string(SenderState state);
std::string_view to_string(SenderEvent event);

// The state that follows, or nothing if the event must not come in this state: from the receiver
// that is a violation, of this device a bug.
std::optional<SenderState> next_state(SenderState state, SenderEvent event);

}  // namespace kith::transfer
