#include "engine/discovery/dht/acquaintances.h"

namespace kith::dht {

void Acquaintances::forget(Instant now) {
  while (!order_.empty()) {
    const auto& [at, host] = order_.front();
    const bool old = at + kAcquaintedFor <= now;
    if (!old && order_.size() <= kMaxAcquaintances) return;
    // What is forgotten early would look like a stranger for the rest of its time.
    if (!old) full_until_ = at + kAcquaintedFor;
    const auto found = hosts_.find(host);
    if (found != hosts_.end() && found->second.sent == at) hosts_.erase(found);
    order_.pop_front();
  }
}

void Acquaintances::sent(Instant now, const Address& to) {
  const Address key = host_in(to, scope_);
  const auto found = hosts_.find(key);
  // Once a minute is enough to know when it ends.
  if (found != hosts_.end() && found->second.sent + std::chrono::minutes(1) > now) return;
  hosts_[key].sent = now;
  order_.emplace_back(now, key);
  forget(now);
}

void Acquaintances::answered(Instant now, const Address& from) {
  const auto found = hosts_.find(host_in(from, scope_));
  if (found == hosts_.end()) return;
  found->second.answered = now;
}

bool Acquaintances::verified(Instant now, const Address& address) const {
  const auto found = hosts_.find(host_in(address, scope_));
  return found != hosts_.end() && found->second.answered &&
         *found->second.answered + kAcquaintedFor > now;
}

bool Acquaintances::stranger(Instant now, const Address& address) const {
  const auto found = hosts_.find(host_in(address, scope_));
  if (found != hosts_.end() && found->second.sent + kAcquaintedFor > now) return false;
  return full_until_ <= now;
}

}  // namespace kith::dht
