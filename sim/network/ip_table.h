#pragma once

// From IP addresses to small numbers: who has an address in a realm. Open addressing, so that a
// lookup is one or two cache lines however many addresses there are. Never iterated.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "kith/address.h"

namespace kith::sim {

class IpTable {
 public:
  // The port of `ip` is not looked at. What was there before is replaced.
  void set(const Address& ip, std::uint32_t value);
  void erase(const Address& ip);
  std::optional<std::uint32_t> find(const Address& ip) const;

  std::size_t size() const { return used_; }

 private:
  struct Key {
    std::uint64_t high = 0, low = 0;
    Address::Family family = Address::Family::ipv4;
    friend constexpr bool operator==(const Key&, const Key&) = default;
  };
  struct Slot {
    Key key;
    std::uint32_t value = 0;
    bool used = false;
  };

  static Key key_of(const Address& ip);
  static std::size_t hash(const Key& key);
  std::size_t slot_of(const Key& key) const;
  void grow();

  std::vector<Slot> slots_;  // a power of two of them, at most half used
  std::size_t used_ = 0;
};

}  // namespace kith::sim
