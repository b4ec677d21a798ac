#pragma once

// How much may pass per network and in all, as credits that grow with time: the generic cell rate
// algorithm (ITU-T I.371), one instant per counted thing and integers only.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>

#include "kith/time.h"

namespace kith::dht {

struct Rate {
  std::uint64_t per_second = 0;  // not zero
  std::uint64_t burst = 0;       // at once, after a pause
};

// One thing that is limited.
class Credit {
 public:
  bool take(Instant now, const Rate& rate, std::uint64_t amount) {
    if (!allows(now, rate, amount)) return false;
    spent_until_ = std::max(spent_until_, now) + cost(rate, amount);
    return true;
  }
  bool allows(Instant now, const Rate& rate, std::uint64_t amount) const {
    return std::max(spent_until_, now) + cost(rate, amount) <= now + cost(rate, rate.burst);
  }
  bool untouched(Instant now) const { return spent_until_ <= now; }

 private:
  static Duration cost(const Rate& rate, std::uint64_t units) {
    return Duration(static_cast<std::int64_t>(units * 1'000'000'000ULL / rate.per_second));
  }

  Instant spent_until_{};
};

// Many, of which at most `capacity` are remembered: more at once are refused, as somebody then
// makes them up.
template <class Key>
class CreditPer {
 public:
  CreditPer(Rate rate, std::size_t capacity) : rate_(rate), capacity_(capacity) {}

  bool take(Instant now, const Key& key, std::uint64_t amount) {
    const auto found = credits_.find(key);
    if (found != credits_.end()) return found->second.take(now, rate_, amount);
    if (credits_.size() >= capacity_) {
      std::erase_if(credits_, [&](const auto& each) { return each.second.untouched(now); });
    }
    if (credits_.size() >= capacity_) return false;
    return credits_[key].take(now, rate_, amount);
  }
  // Whether a take would succeed, but for the capacity.
  bool allows(Instant now, const Key& key, std::uint64_t amount) const {
    const auto found = credits_.find(key);
    return (found != credits_.end() ? found->second : Credit()).allows(now, rate_, amount);
  }
  std::size_t size() const { return credits_.size(); }

 private:
  Rate rate_;
  std::size_t capacity_;
  std::map<Key, Credit> credits_;
};

}  // namespace kith::dht
