#pragma once

// One stream of a host, as stream_host.cc and stream_transfer.cc keep it. Bytes are numbered from
// zero in each direction; the end of a direction has the number after its last byte.

#include <limits>

#include "sim/network/stream_host.h"

namespace kith::sim {

enum class StreamState : std::uint8_t {
  connecting,  // we have begun, and hear nothing yet
  accepting,   // the other side has begun, and does not know that we have heard
  open,
  lingering,  // closed: the other side may not have heard our last word
};

struct StreamHost::Stream {
  static constexpr std::uint64_t kNone = std::numeric_limits<std::uint64_t>::max();

  ByteStreamId id;
  Ends ends;
  Address local;
  StreamState state = StreamState::connecting;
  std::uint64_t own_tag = 0;
  std::uint64_t peer_tag = 0;
  StreamFaults faults;

  // Outbound: [acknowledged | on the way | to be sent | room]
  Bytes written;                   // from `acknowledged` on
  std::uint64_t acknowledged = 0;  // our end included
  std::uint64_t next = 0;          // to be sent
  std::uint64_t farthest = 0;      // that was ever sent
  std::uint64_t allowed = 0;       // by the other side's window
  std::uint64_t end = kNone;       // where we have finished
  bool wants_room = false;         // a write was not taken whole

  // Inbound
  std::uint64_t given = 0;               // to the sink
  std::uint64_t consumed = 0;            // by the sink
  std::map<std::uint64_t, Bytes> early;  // not yet given
  std::uint64_t peer_end = kNone;
  bool told_finished = false;

  // Congestion (RFC 5681) and round trips (RFC 6298)
  std::uint64_t congestion_window = 0;
  std::uint64_t slow_start_ends = kNone;
  std::uint64_t recovery_ends = 0;  // losses before it are of one event
  unsigned repeated = 0;            // acknowledgements of nothing new
  Duration round_trip{}, variation{};
  std::uint64_t timed = 0;  // whose acknowledgement gives a round trip; 0: none
  Instant timed_at;
  unsigned timeouts = 0;  // since something new was heard

  Instant heard_at;                 // from the other side
  std::optional<Instant> asked_at;  // it has owed an answer since then; when it closed
  Instant resend_at = Instant::never();
  Instant armed_at = Instant::never();

  std::uint64_t written_end() const { return end != kNone ? end : acknowledged + written.size(); }
  bool end_acknowledged() const { return end != kNone && acknowledged > end; }
};

}  // namespace kith::sim
