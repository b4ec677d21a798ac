#pragma once

// The states of a receiver and every transition that is legal.
//
//   awaiting_offer --> reading_manifest --> [deciding] --> queued --> staging --> receiving
//        \                  \                  \             \           \            |
//         \__________________\__________________\_____________\           \           v
//                                                              \           `--> cleaning
//                                                               `--> ended <-------'

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace kith::transfer {

enum class ReceiverState : std::uint8_t {
  awaiting_offer,
  reading_manifest,
  deciding,   // a person is asked
  queued,     // accepted; waits until fewer transfers are active on the connection
  staging,    // makes the hidden tree
  receiving,  // chunks come, files are written, items published
  cleaning,   // the outcome is known; removes what is left
  ended,      // the outcome was told
};
inline constexpr std::size_t kReceiverStates = 8;

enum class ReceiverEvent : std::uint8_t {
  // of this device
  decision_needed,  // the manifest is whole, and a person must be asked
  approved,         // by the policy or the person
  refused,
  undecided,  // nobody answered in time
  admitted,
  staged,
  disk_failed,
  resolved,  // every item is published or given up
  cleaned,
  cancelled,
  connection_lost,
  // of the sender
  offered,
  manifest_part,
  chunk,
  hashes,
  file_failed,
  aborted,
  violated,
};
inline constexpr std::size_t kReceiverEvents = 18;

std::string_view to_string(ReceiverState state);
std::string_view to_string(ReceiverEvent event);

// The state that follows, or nothing if the event must not come in this state: from the sender
// that is a violation, of this device a bug.
std::optional<ReceiverState> next_state(ReceiverState state, ReceiverEvent event);

}  // namespace kith::transfer
