#pragma once

// What streams of hosts say to each other (stream_host.h), on the wire of the simulator alone.
//
//   flags u8 | from u64 | to u64 | sequence u64 | acknowledged u64 | window u32 | check u64 | bytes
//
// Numbers are big-endian. `from` and `to` name the two ends of one stream, drawn by each, so that
// nothing of an earlier stream between the same ports is taken for this one. Unlike the checksum of
// TCP, the check lets no altered segment through.

#include <cstdint>
#include <optional>

#include "kith/bytes.h"

namespace kith::sim {

struct Segment {
  bool begins = false;  // the first of each side: SYN
  bool ends = false;    // nothing follows its bytes: FIN
  bool resets = false;  // the stream is over at once: RST
  bool asks = false;    // wants to be acknowledged, even if nothing is new
  std::uint64_t from = 0;
  std::uint64_t to = 0;            // 0: not known yet
  std::uint64_t sequence = 0;      // of the first byte
  std::uint64_t acknowledged = 0;  // all before it has come
  std::uint32_t window = 0;        // that many bytes from there on have room
  ByteView bytes = {};
};

inline constexpr std::size_t kSegmentHeaderBytes = 45;
// An IPv6 packet of 1280 bytes, which every link carries: the path is not searched for more.
inline constexpr std::size_t kMostSegmentBytes = 1280 - 48 - kSegmentHeaderBytes;

Bytes encode(const Segment& segment);
// Its bytes are borrowed. Nothing of what is damaged.
std::optional<Segment> decode_segment(ByteView bytes);

}  // namespace kith::sim
