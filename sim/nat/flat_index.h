#pragma once

// From keys to positions in somebody else's array: open addressing, linear probing, erasure by
// shifting back. It holds only hashes and positions; the owner compares keys. There is no way to
// iterate, so the order of its slots can reach no result. Empty, it holds no memory.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/base/check.h"

namespace kith::sim {

inline constexpr std::uint32_t kNowhere = 0xffff'ffff;

class FlatIndex {
 public:
  // `is_it(position)` tells whether the element there has the key that was hashed.
  template <class IsIt>
  std::uint32_t find(std::uint64_t hash, IsIt is_it) const {
    if (used_ == 0) return kNowhere;
    const std::size_t mask = slots_.size() - 1;
    const std::uint32_t tag = tag_of(hash);
    for (std::size_t at = tag & mask;; at = (at + 1) & mask) {
      const Slot& slot = slots_[at];
      if (slot.position == kNowhere) return kNowhere;
      if (slot.tag == tag && is_it(slot.position)) return slot.position;
    }
  }

  // The key is not in it.
  void insert(std::uint64_t hash, std::uint32_t position) {
    if ((used_ + 1) * 8 > slots_.size() * 5) grow();
    place({tag_of(hash), position});
    ++used_;
  }

  // The key is in it, with this position.
  void erase(std::uint64_t hash, std::uint32_t position) {
    std::size_t hole = slot_of(hash, position);
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t next = (hole + 1) & mask; slots_[next].position != kNowhere;
         next = (next + 1) & mask) {
      // What lies nearer to where it wants to be than the hole does stays.
      const std::size_t wants = slots_[next].tag & mask;
      if (((next - wants) & mask) < ((next - hole) & mask)) continue;
      slots_[hole] = slots_[next];
      hole = next;
    }
    slots_[hole].position = kNowhere;
    --used_;
  }

  // Another position for a key that is in it.
  void replace(std::uint64_t hash, std::uint32_t position, std::uint32_t by) {
    slots_[slot_of(hash, position)].position = by;
  }

  std::size_t size() const { return used_; }

 private:
  struct Slot {
    std::uint32_t tag = 0;
    std::uint32_t position = kNowhere;
  };
  static constexpr std::size_t kFirstSlots = 8;

  static std::uint32_t tag_of(std::uint64_t hash) { return static_cast<std::uint32_t>(hash); }

  std::size_t slot_of(std::uint64_t hash, std::uint32_t position) const {
    KITH_CHECK(used_ > 0);
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = tag_of(hash) & mask;
    while (slots_[at].position != position) {
      KITH_CHECK(slots_[at].position != kNowhere);
      at = (at + 1) & mask;
    }
    return at;
  }

  void place(const Slot& slot) {
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = slot.tag & mask;
    while (slots_[at].position != kNowhere) at = (at + 1) & mask;
    slots_[at] = slot;
  }

  void grow() {
    std::vector<Slot> old(slots_.empty() ? kFirstSlots : slots_.size() * 2);
    old.swap(slots_);
    for (const Slot& slot : old) {
      if (slot.position != kNowhere) place(slot);
    }
  }

  std::vector<Slot> slots_;  // a power of two of them
  std::size_t used_ = 0;
};

}  // namespace kith::sim
