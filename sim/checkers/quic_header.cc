#include "sim/checkers/quic_header.h"

#include <algorithm>

namespace kith::sim {
namespace {

constexpr std::size_t kMostIdBytes = 20;  // RFC 9000 section 17.2

// Reads from the front of what is left; nothing fits any more once something did not.
class Reader {
 public:
  explicit Reader(ByteView bytes) : bytes_(bytes) {}

  bool ok() const { return ok_; }
  std::size_t left() const { return bytes_.size(); }

  ByteView take(std::size_t size) {
    if (size > bytes_.size()) {
      ok_ = false;
      bytes_ = {};
      return {};
    }
    const ByteView taken = bytes_.first(size);
    bytes_ = bytes_.subspan(size);
    return taken;
  }
  std::uint64_t number(std::size_t size) {
    std::uint64_t value = 0;
    for (const std::byte each : take(size)) value = value << 8 | std::to_integer<unsigned>(each);
    return value;
  }
  // RFC 9000 section 16.
  std::uint64_t varint() {
    if (bytes_.empty()) return number(1);
    const unsigned log = std::to_integer<unsigned>(bytes_[0]) >> 6;
    const std::size_t size = std::size_t{1} << log;
    return number(size) & ~(std::uint64_t{3} << (8 * size - 2));
  }

 private:
  ByteView bytes_;
  bool ok_ = true;
};

}  // namespace

std::optional<LongHeader> read_long_header(ByteView bytes) {
  if (!has_long_header(bytes)) return std::nullopt;
  Reader reader(bytes);
  LongHeader header;
  header.type = static_cast<LongType>(reader.number(1) >> 4 & 3);
  header.version = static_cast<std::uint32_t>(reader.number(4));
  header.destination = reader.take(static_cast<std::size_t>(reader.number(1)));
  header.source = reader.take(static_cast<std::size_t>(reader.number(1)));
  if (!reader.ok() || header.destination.size() > kMostIdBytes) return std::nullopt;
  header.packet_bytes = bytes.size();
  if (header.version == 0 || header.type == LongType::retry) return header;
  if (header.type == LongType::initial) {
    header.token_bytes = static_cast<std::size_t>(reader.varint());
    reader.take(header.token_bytes);
  }
  const std::uint64_t length = reader.varint();
  if (!reader.ok() || length > reader.left()) return std::nullopt;
  header.packet_bytes = bytes.size() - reader.left() + static_cast<std::size_t>(length);
  return header;
}

}  // namespace kith::sim
