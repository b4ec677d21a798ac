#include "sim/network/segment.h"

namespace kith::sim {
namespace {

constexpr unsigned kBegins = 1, kEnds = 2, kResets = 4, kAsks = 8;
constexpr std::size_t kCheckAt = 37;

void put(Bytes& to, std::uint64_t value, std::size_t size) {
  while (size-- > 0) to.push_back(static_cast<std::byte>(value >> (8 * size) & 0xff));
}

std::uint64_t number(ByteView from, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  for (const std::byte each : from.subspan(at, size)) {
    value = value << 8 | std::to_integer<unsigned>(each);
  }
  return value;
}

// FNV-1a of 64 bits (Fowler, Noll, Vo), over all but the check itself.
std::uint64_t check_of(ByteView segment) {
  std::uint64_t hash = 0xcbf29ce484222325ull;
  for (std::size_t i = 0; i < segment.size(); ++i) {
    if (i >= kCheckAt && i < kSegmentHeaderBytes) continue;
    hash = (hash ^ std::to_integer<unsigned>(segment[i])) * 0x100000001b3ull;
  }
  return hash;
}

}  // namespace

Bytes encode(const Segment& segment) {
  Bytes bytes;
  bytes.reserve(kSegmentHeaderBytes + segment.bytes.size());
  put(bytes,
      (segment.begins ? kBegins : 0) | (segment.ends ? kEnds : 0) | (segment.resets ? kResets : 0) |
          (segment.asks ? kAsks : 0),
      1);
  put(bytes, segment.from, 8);
  put(bytes, segment.to, 8);
  put(bytes, segment.sequence, 8);
  put(bytes, segment.acknowledged, 8);
  put(bytes, segment.window, 4);
  put(bytes, 0, 8);
  bytes.insert(bytes.end(), segment.bytes.begin(), segment.bytes.end());
  const std::uint64_t check = check_of(bytes);
  for (std::size_t i = 0; i < 8; ++i) {
    bytes[kCheckAt + i] = static_cast<std::byte>(check >> (8 * (7 - i)) & 0xff);
  }
  return bytes;
}

std::optional<Segment> decode_segment(ByteView bytes) {
  if (bytes.size() < kSegmentHeaderBytes) return std::nullopt;
  if (number(bytes, kCheckAt, 8) != check_of(bytes)) return std::nullopt;
  const std::uint64_t flags = number(bytes, 0, 1);
  Segment segment;
  segment.begins = (flags & kBegins) != 0;
  segment.ends = (flags & kEnds) != 0;
  segment.resets = (flags & kResets) != 0;
  segment.asks = (flags & kAsks) != 0;
  segment.from = number(bytes, 1, 8);
  segment.to = number(bytes, 9, 8);
  segment.sequence = number(bytes, 17, 8);
  segment.acknowledged = number(bytes, 25, 8);
  segment.window = static_cast<std::uint32_t>(number(bytes, 33, 4));
  segment.bytes = bytes.subspan(kSegmentHeaderBytes);
  return segment;
}

}  // namespace kith::sim
