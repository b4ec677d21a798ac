#include "engine/base/byte_reader.h"

namespace kith {

std::optional<std::uint64_t> ByteReader::varint() {
  if (rest_.empty()) return std::nullopt;
  const auto first = std::to_integer<std::uint8_t>(rest_.front());
  const auto encoded = bytes(std::size_t{1} << (first >> 6));
  if (!encoded) return std::nullopt;
  std::uint64_t value = first & 0x3f;
  for (const std::byte byte : encoded->subspan(1)) {
    value = value << 8 | std::to_integer<std::uint64_t>(byte);
  }
  return value;
}

std::optional<ByteView> ByteReader::bytes(std::size_t count) {
  if (count > rest_.size()) return std::nullopt;
  const ByteView taken = rest_.first(count);
  rest_ = rest_.subspan(count);
  return taken;
}

std::optional<ByteView> ByteReader::length_prefixed() {
  const ByteView before = rest_;
  const auto length = varint();
  if (length && *length <= rest_.size()) return bytes(static_cast<std::size_t>(*length));
  rest_ = before;
  return std::nullopt;
}

}  // namespace kith
