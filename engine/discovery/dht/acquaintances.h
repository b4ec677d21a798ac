#pragma once

// The hosts this node has lately sent to, and which of them have answered: who answered is where he
// says he is, and whoever asks without being among them reached us from outside.

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <utility>

#include "engine/discovery/dht/quota.h"
#include "kith/time.h"

namespace kith::dht {

// Longer than NATs keep a way back open (RFC 4787 asks for 2 minutes, the longest seen take 6).
inline constexpr Duration kAcquaintedFor = std::chrono::minutes(15);
inline constexpr std::size_t kMaxAcquaintances = 4096;  // a lookup meets 30

class Acquaintances {
 public:
  explicit Acquaintances(Scope scope) : scope_(scope) {}

  void sent(Instant now, const Address& to);
  void answered(Instant now, const Address& from);

  // It has answered lately: no forged source.
  bool verified(Instant now, const Address& address) const;
  // It cannot be the way back of something we sent. With too many to remember nobody is a stranger.
  bool stranger(Instant now, const Address& address) const;

  std::size_t size() const { return hosts_.size(); }

 private:
  struct Host {
    Instant sent;
    std::optional<Instant> answered;
  };

  void forget(Instant now);

  Scope scope_;
  std::map<Address, Host> hosts_;
  std::deque<std::pair<Instant, Address>> order_;  // of sending
  Instant full_until_{};
};

}  // namespace kith::dht
