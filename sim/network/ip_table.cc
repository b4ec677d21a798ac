#include "sim/network/ip_table.h"

#include <cstring>
#include <utility>

namespace kith::sim {

IpTable::Key IpTable::key_of(const Address& ip) {
  // The byte order does not matter: equal addresses give equal keys.
  Key key{.family = ip.family};
  std::memcpy(&key.high, ip.ip.data(), 8);
  std::memcpy(&key.low, ip.ip.data() + 8, 8);
  return key;
}

std::size_t IpTable::hash(const Key& key) {
  std::uint64_t mixed = (key.high ^ key.low * 0x9e3779b97f4a7c15ull) * 0xbf58476d1ce4e5b9ull;
  mixed ^= mixed >> 29;
  return static_cast<std::size_t>(mixed * 0x94d049bb133111ebull >> 20);
}

std::size_t IpTable::slot_of(const Key& key) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = hash(key) & mask;
  while (slots_[at].used && slots_[at].key != key) at = (at + 1) & mask;
  return at;
}

std::optional<std::uint32_t> IpTable::find(const Address& ip) const {
  if (used_ == 0) return std::nullopt;
  const Slot& slot = slots_[slot_of(key_of(ip))];
  if (!slot.used) return std::nullopt;
  return slot.value;
}

void IpTable::set(const Address& ip, std::uint32_t value) {
  if ((used_ + 1) * 2 > slots_.size()) grow();
  const Key key = key_of(ip);
  Slot& slot = slots_[slot_of(key)];
  if (!slot.used) ++used_;
  slot = {key, value, true};
}

void IpTable::erase(const Address& ip) {
  if (used_ == 0) return;
  const std::size_t mask = slots_.size() - 1;
  std::size_t hole = slot_of(key_of(ip));
  if (!slots_[hole].used) return;
  slots_[hole].used = false;
  --used_;
  // What was pushed on by the erased one moves up, or it would not be found any more.
  for (std::size_t at = (hole + 1) & mask; slots_[at].used; at = (at + 1) & mask) {
    const std::size_t home = hash(slots_[at].key) & mask;
    if (((at - home) & mask) < ((at - hole) & mask)) continue;
    slots_[hole] = slots_[at];
    slots_[at].used = false;
    hole = at;
  }
}

void IpTable::grow() {
  const std::vector<Slot> old =
      std::exchange(slots_, std::vector<Slot>(slots_.empty() ? 4 : slots_.size() * 2));
  for (const Slot& slot : old) {
    if (slot.used) slots_[slot_of(slot.key)] = slot;
  }
}

}  // namespace kith::sim
