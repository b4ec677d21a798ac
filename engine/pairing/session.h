#pragma once

// One pairing on one connection: the exchange, the person's decision, and the two durable writes.
// Both sides run this machine; they differ only in the steps before `deciding`.
//
//   joiner                            acceptor
//     Share  ------------------------->
//            <------------------------  Reply          CPace, confirmed both ways
//     Confirm ----------------------->                 with the joiner's identity, sealed
//            <------------------------  Identity
//     [person decides]                  [person decides]
//     [store provisional]               [store provisional]
//     Commit  ------------------------>
//            <------------------------  Commit         in either order
//     [store paired]                    [store paired]
//            <------------------------  end of stream  the acceptor has our commit
//     close                                            a side that gives up closes with a Rejection
//
// It does not own: streams, frames' cuts, the code's life, limits on attempts (pairing.h).

#include <deque>
#include <optional>
#include <string>
#include <variant>

#include "engine/pairing/exchange.h"
#include "engine/pairing/pairing_state.h"
#include "engine/registry/device_registry.h"
#include "kith/event.h"

namespace kith::pairing {

// The rounds of an exchange take two round trips; a person takes longer.
inline constexpr Duration kExchangeTimeout = std::chrono::seconds(10);
inline constexpr Duration kDecisionTimeout = std::chrono::minutes(2);
// The peer's person may take as long as ours, and the peer's answer its time to arrive.
inline constexpr Duration kCommitTimeout = kDecisionTimeout + kExchangeTimeout;
// How long the side that is done waits for the other to have its last words.
inline constexpr Duration kLingerTimeout = std::chrono::seconds(3);

// What a session asks of its owner, in order.
struct Send {
  Message message;
};
struct EndStream {};
struct AskPerson {
  Peer peer;
  std::string fingerprint;
};
struct Write {  // answered by stored() or store_failed()
  DeviceRecord record;
};
struct Finished {
  Peer peer;
};
// What becomes of the provisional record when a pairing fails.
enum class Leftover : std::uint8_t {
  none,       // it was never asked for
  kept,       // the peer may have sealed the pairing: the next contact finishes it
  withdrawn,  // the peer cannot have: it declined, or our commit was never sent
  removed,    // the person here has removed or blocked the device: there is none
};
struct Failed {
  Error error;
  Leftover leftover = Leftover::none;
  Rejection tell = Rejection::protocol;  // what the peer is told
};
using SessionOutput = std::variant<Send, EndStream, AskPerson, Write, Finished, Failed>;

class Session {
 public:
  // `registry`, `self` and `random` outlive the session. The joiner's first message is sent at
  // once.
  Session(Instant now, CPaceRole role, const Channel& channel, const SecretKey& password,
          const LocalDevice& self, const DeviceRegistry& registry, RandomSource& random);

  void receive(Instant now, const Message& message);
  void receive_garbage(Instant now);
  void decide(Instant now, bool accept);
  void stored(Instant now, std::int64_t unix_ms);
  void store_failed(Instant now, const Error& error);
  void peer_done(Instant now);
  void connection_lost(Instant now, const Error& error);
  void rejected(Instant now, Rejection reason);
  void expire(Instant now);
  void revoke(Instant now);

  std::optional<SessionOutput> poll_output();

  Step step() const { return step_; }
  CPaceRole role() const { return role_; }
  bool over() const { return step_ == Step::finished || step_ == Step::failed; }
  Instant deadline() const { return deadline_; }
  const std::optional<Peer>& peer() const { return peer_; }

 private:
  struct OnMessage;

  // Moves along the table; false where the table has no such move.
  bool advance(Instant now, Trigger trigger);
  void reach_peer(Instant now, Trigger trigger, Peer peer);
  void fail(Instant now, Trigger trigger, Error error, Rejection tell = Rejection::protocol);
  Leftover leftover(Trigger failure) const;
  void violate(Instant now, std::string_view what);
  void seal_if_both_committed(Instant now);

  CPaceRole role_;
  LocalDevice self_;
  const DeviceRegistry& registry_;
  Exchange exchange_;
  Step step_;
  Instant deadline_;
  std::optional<Peer> peer_;
  std::optional<DeviceRecord> record_;
  bool peer_committed_ = false;
  bool peer_declined_ = false;
  std::deque<SessionOutput> outputs_;
};

}  // namespace kith::pairing
