#pragma once

// What anyone on the wire can read of a QUIC version 1 packet: RFC 9000 section 17.2. Checkers
// judge by it what devices send to whom.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "kith/bytes.h"

namespace kith::sim {

enum class LongType : std::uint8_t { initial, zero_rtt, handshake, retry };

// Borrowed from the packet.
struct LongHeader {
  LongType type = LongType::initial;
  std::uint32_t version = 0;  // 0: a version negotiation, which has no type
  ByteView destination;
  ByteView source;
  std::size_t token_bytes = 0;   // of an Initial
  std::size_t packet_bytes = 0;  // another packet may follow in the datagram
};

inline bool has_long_header(ByteView packet) {
  return !packet.empty() && (packet[0] & std::byte{0x80}) != std::byte{0};
}

// Of the packet that `bytes` begin with; nothing if its header is short, or no header.
std::optional<LongHeader> read_long_header(ByteView bytes);

// Calls `each` for every datagram of a batch whose datagrams have `stride` bytes.
template <class Each>
void for_each_datagram(ByteView bytes, std::size_t stride, const Each& each) {
  if (stride == 0) return;
  for (std::size_t at = 0; at < bytes.size(); at += stride) {
    each(bytes.subspan(at, std::min(stride, bytes.size() - at)));
  }
}

}  // namespace kith::sim
