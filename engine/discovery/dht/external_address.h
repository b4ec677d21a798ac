#pragma once

// Where others see this node (BEP 42, `ip` in their responses): what most of the networks that
// answered lately say. One network has one vote, and only a node that was asked has any.

#include <cstddef>
#include <deque>
#include <optional>

#include "engine/discovery/dht/node_id.h"

namespace kith::dht {

inline constexpr std::size_t kVotesKept = 16;   // a move is noticed after half as many answers
inline constexpr std::size_t kVotesNeeded = 4;  // fewer networks can be one party's

class ExternalAddress {
 public:
  // True where the address is now another one.
  bool vote(const Address& voter, const Address& seen);
  // Without a port: behind many NATs it differs from peer to peer.
  const std::optional<Address>& address() const { return address_; }
  // What was known before a restart, until the votes say otherwise.
  void restore(const Address& address) { address_ = host_of(address); }
  void forget_votes() { votes_.clear(); }

 private:
  struct Vote {
    Prefix voter;
    Address seen;
  };
  std::deque<Vote> votes_;
  std::optional<Address> address_;
};

}  // namespace kith::dht
