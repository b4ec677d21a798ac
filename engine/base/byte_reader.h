#pragma once

// Reads network-order values from bytes a stranger sent. A read past the end gives nothing and
// takes nothing, so a parser needs no length arithmetic of its own.

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "kith/bytes.h"

namespace kith {

class ByteReader {
 public:
  explicit ByteReader(ByteView bytes) : rest_(bytes) {}

  std::optional<std::uint8_t> u8() { return integer<std::uint8_t>(); }
  std::optional<std::uint16_t> u16() { return integer<std::uint16_t>(); }
  std::optional<std::uint32_t> u32() { return integer<std::uint32_t>(); }
  std::optional<std::uint64_t> u64() { return integer<std::uint64_t>(); }

  // A variable-length integer of 1, 2, 4 or 8 bytes: RFC 9000 section 16. Longer encodings than
  // necessary are accepted, as that section allows.
  std::optional<std::uint64_t> varint();

  // A view into what is being read, not a copy.
  std::optional<ByteView> bytes(std::size_t count);

  // A varint length followed by that many bytes.
  std::optional<ByteView> length_prefixed();

  ByteView rest() const { return rest_; }
  std::size_t remaining() const { return rest_.size(); }
  bool empty() const { return rest_.empty(); }

 private:
  template <std::unsigned_integral T>
  std::optional<T> integer() {
    const auto taken = bytes(sizeof(T));
    if (!taken) return std::nullopt;
    std::uint64_t value = 0;
    for (const std::byte byte : *taken) value = value << 8 | std::to_integer<std::uint64_t>(byte);
    return static_cast<T>(value);
  }

  ByteView rest_;
};

}  // namespace kith
