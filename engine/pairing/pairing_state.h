#pragma once

// The steps of one pairing on one connection, and the only moves between them.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace kith::pairing {

enum class Step : std::uint8_t {
  awaiting_share,     // acceptor: the connection is there, the joiner's share is not
  awaiting_reply,     // joiner: our share is sent
  awaiting_confirm,   // acceptor: our share and tag are sent
  awaiting_identity,  // joiner: our tag and identity are sent
  deciding,           // both identities are known: a person is asked
  storing,            // the provisional record is being written
  committed,          // it is durable and our commit is sent; the peer's is missing
  sealing,            // both commits are known: the paired record is being written
  lingering,          // paired; the peer may still miss our last words
  finished,
  failed,
};
inline constexpr std::size_t kSteps = 11;

enum class Trigger : std::uint8_t {
  share,      // a message that verified
  reply,      // "
  confirm,    // "
  identity,   // "
  commit,     // "
  reject,     // the peer gave up and said so
  violation,  // a message out of place, malformed, or that did not verify
  accepted,   // by the person here
  declined,   // by the person here, or cancelled
  stored,     // the record that was being written is durable
  store_failed,
  peer_done,  // the peer ended its stream
  lost,       // the connection is gone
  expired,    // the time for this step is over
  revoked,    // the device was removed or blocked by the person here
};
inline constexpr std::size_t kTriggers = 15;

std::string_view to_string(Step step);
std::string_view to_string(Trigger trigger);

// Empty where the trigger cannot occur or changes nothing.
std::optional<Step> next_step(Step from, Trigger trigger);

}  // namespace kith::pairing
