#include "engine/base/byte_writer.h"

#include "engine/base/check.h"

namespace kith {

ByteWriter& ByteWriter::varint(std::uint64_t value) {
  KITH_CHECK(value <= kMaxVarint);
  // The two highest bits of the first byte are the logarithm of the width.
  if (value < (std::uint64_t{1} << 6)) return integer(value, 1);
  if (value < (std::uint64_t{1} << 14)) return integer(value | std::uint64_t{1} << 14, 2);
  if (value < (std::uint64_t{1} << 30)) return integer(value | std::uint64_t{2} << 30, 4);
  return integer(value | std::uint64_t{3} << 62, 8);
}

ByteWriter& ByteWriter::bytes(ByteView view) {
  bytes_.insert(bytes_.end(), view.begin(), view.end());
  return *this;
}

ByteWriter& ByteWriter::length_prefixed(ByteView view) { return varint(view.size()).bytes(view); }

ByteWriter& ByteWriter::integer(std::uint64_t value, std::size_t width) {
  for (std::size_t i = width; i-- > 0;) {
    bytes_.push_back(static_cast<std::byte>(value >> (8 * i) & 0xff));
  }
  return *this;
}

}  // namespace kith
