#include "engine/discovery/dht/storage.h"

#include <algorithm>

namespace kith::dht {

const Stored* Storage::find(Instant now, const NodeId& target) const {
  const auto found = items_.find(target);
  if (found == items_.end() || found->second.at + kItemLife <= now) return nullptr;
  return &found->second;
}

std::optional<ErrorNumber> Storage::put(Instant now, const Address& from, const PutImmutable& put) {
  if (put.value.size() > kMaxValueBytes) return ErrorNumber::value_too_big;
  expire(now);
  return keep(immutable_target(put.value), {put.value, {}, now, prefix_of(from)});
}

std::optional<ErrorNumber> Storage::put(Instant now, const Address& from, const PutMutable& put) {
  const MutableItem& item = put.item;
  if (item.value.size() > kMaxValueBytes) return ErrorNumber::value_too_big;
  if (item.salt.size() > kMaxSaltBytes) return ErrorNumber::salt_too_big;
  if (!verify(item)) return ErrorNumber::bad_signature;
  const NodeId target = mutable_target(item.key, item.salt);
  if (const Stored* kept = find(now, target); kept != nullptr && kept->signed_by) {
    const std::int64_t seq = kept->signed_by->seq;
    if (put.cas && *put.cas != seq) return ErrorNumber::cas_mismatch;
    if (item.seq < seq) return ErrorNumber::seq_too_old;
    // BEP 44: the same again lives longer; another value under the same number is not later.
    if (item.seq == seq && item.value != kept->value) return ErrorNumber::seq_too_old;
  }
  expire(now);
  Stored stored{item.value, item, now, prefix_of(from)};
  stored.signed_by->value.clear();
  return keep(target, std::move(stored));
}

std::optional<ErrorNumber> Storage::keep(const NodeId& target, Stored item) {
  if (const auto known = items_.find(target); known != items_.end()) {
    // It counts for who brought it first.
    item.from = known->second.from;
    known->second = std::move(item);
    return std::nullopt;
  }
  const auto count = counts_.find(item.from);
  if (count != counts_.end() && count->second >= kItemsPerPrefix) return ErrorNumber::server;
  if (items_.size() >= kMaxItems) {
    const auto farther = [&](const auto& a, const auto& b) {
      return distance(a.first, own_) < distance(b.first, own_);
    };
    const auto farthest = std::max_element(items_.begin(), items_.end(), farther);
    if (distance(farthest->first, own_) <= distance(target, own_)) return ErrorNumber::server;
    if (--counts_[farthest->second.from] == 0) counts_.erase(farthest->second.from);
    items_.erase(farthest);
  }
  ++counts_[item.from];
  items_.emplace(target, std::move(item));
  return std::nullopt;
}

void Storage::expire(Instant now) {
  for (auto each = items_.begin(); each != items_.end();) {
    if (each->second.at + kItemLife > now) {
      ++each;
      continue;
    }
    if (--counts_[each->second.from] == 0) counts_.erase(each->second.from);
    each = items_.erase(each);
  }
}

std::size_t Storage::value_bytes() const {
  std::size_t bytes = 0;
  for (const auto& [target, item] : items_) bytes += item.value.size();
  return bytes;
}

}  // namespace kith::dht
