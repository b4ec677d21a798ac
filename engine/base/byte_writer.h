#pragma once

// Builds a message of network-order values: the counterpart of ByteReader.

#include <cstddef>
#include <cstdint>
#include <utility>

#include "kith/bytes.h"

namespace kith {

// The largest value a QUIC variable-length integer holds: RFC 9000 section 16.
inline constexpr std::uint64_t kMaxVarint = (std::uint64_t{1} << 62) - 1;

class ByteWriter {
 public:
  ByteWriter& u8(std::uint8_t value) { return integer(value, 1); }
  ByteWriter& u16(std::uint16_t value) { return integer(value, 2); }
  ByteWriter& u32(std::uint32_t value) { return integer(value, 4); }
  ByteWriter& u64(std::uint64_t value) { return integer(value, 8); }

  // The shortest encoding of a value up to kMaxVarint.
  ByteWriter& varint(std::uint64_t value);

  ByteWriter& bytes(ByteView view);

  // A varint length followed by the bytes.
  ByteWriter& length_prefixed(ByteView view);

  ByteView view() const { return bytes_; }
  std::size_t size() const { return bytes_.size(); }
  Bytes take() && { return std::move(bytes_); }

 private:
  ByteWriter& integer(std::uint64_t value, std::size_t width);

  Bytes bytes_;
};

}  // namespace kith
