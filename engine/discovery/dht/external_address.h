#pragma once

// Where others see this node (BEP 42, `ip` in their responses): what most of the networks that
// answered lately say. One network has one vote, and only a node that was asked has any. Votes are
// for a time, and until the voter is silent when asked: who has left does not outvote who is there.

#include <cstddef>
#include <deque>
#include <optional>

#include "engine/discovery/dht/node_id.h"
#include "kith/time.h"

namespace kith::dht {

inline constexpr std::size_t kVotesKept = 16;   // a move is noticed after half as many answers
inline constexpr std::size_t kVotesNeeded = 3;  // as many as there are public bootstrap hosts
// Longer than the refresh of a bucket, so that a node at rest keeps some.
inline constexpr Duration kVoteLife = std::chrono::minutes(30);

class ExternalAddress {
 public:
  // True where the address is now another one.
  bool vote(Instant now, const Address& voter, const Address& seen);
  void on_silent(const Address& voter);
  // Without a port: behind many NATs it differs from peer to peer.
  const std::optional<Address>& address() const { return address_; }
  // What was known before a restart, until the votes say otherwise.
  void restore(const Address& address) { address_ = host_of(address); }
  void forget_votes() { votes_.clear(); }

 private:
  struct Vote {
    Prefix voter;
    Address seen;
    Instant at;
  };
  std::deque<Vote> votes_;  // the oldest first
  std::optional<Address> address_;
};

}  // namespace kith::dht
