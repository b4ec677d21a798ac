// A stream that is open: bytes, acknowledgements, windows and timers.

#include <algorithm>

#include "sim/network/stream_host.h"
#include "sim/network/stream_state.h"

namespace kith::sim {
namespace {

// RFC 6298, but for the least, which is Linux's.
constexpr Duration kFirstTimeout = std::chrono::seconds(1);
constexpr Duration kLeastTimeout = std::chrono::milliseconds(200);
constexpr Duration kMostTimeout = std::chrono::seconds(10);
// RFC 5681 section 3.2.
constexpr unsigned kRepeatedOfLoss = 3;
constexpr unsigned kMostDoublings = 10;

}  // namespace

// --- inbound ------------------------------------------------------------------------------------

void StreamHost::take(ByteStreamId id, const Segment& segment) {
  Stream& stream = *streams_.at(id);
  take_acknowledgement(stream, segment);
  const bool something = take_bytes(stream, segment);
  if (something && !give(id)) return;
  Stream* still = find(id);
  if (still == nullptr) return;
  if (something || segment.asks || segment.begins) send_plain(*still);
  if (still->wants_room && still->written.size() <= spec_.send_buffer_bytes / 2) {
    still->wants_room = false;
    sink_.on_writable(id);
    still = find(id);
    if (still == nullptr) return;
  }
  pump(*still);
  close_if_done(id);
}

// What is there already, or has no room, is passed over. True if it had something to say.
bool StreamHost::take_bytes(Stream& stream, const Segment& segment) {
  if (segment.bytes.empty() && !segment.ends) return false;
  const std::uint64_t room_ends = stream.consumed + spec_.receive_buffer_bytes;
  if (segment.sequence + segment.bytes.size() > room_ends) return true;
  if (segment.ends) stream.peer_end = segment.sequence + segment.bytes.size();
  if (segment.bytes.empty() || segment.sequence + segment.bytes.size() <= stream.given) return true;
  Bytes& kept = stream.early[segment.sequence];
  if (kept.size() < segment.bytes.size()) kept = to_bytes(segment.bytes);
  return true;
}

// To the sink, as far as it goes in order. False if the stream ended meanwhile.
bool StreamHost::give(ByteStreamId id) {
  for (Stream* stream = find(id); stream != nullptr; stream = find(id)) {
    if (stream->early.empty() || stream->early.begin()->first > stream->given) break;
    const std::uint64_t begin = stream->early.begin()->first;
    const Bytes bytes = std::move(stream->early.begin()->second);
    stream->early.erase(stream->early.begin());
    std::uint64_t at = stream->given;
    while (at < begin + bytes.size()) {
      std::size_t size = static_cast<std::size_t>(begin + bytes.size() - at);
      StreamFaults& faults = stream->faults;
      if (faults.largest_fragment > 0) {
        size = std::min<std::size_t>(
            size, 1 + static_cast<std::size_t>(random_.below(faults.largest_fragment)));
      }
      if (faults.cut_after) {
        size = static_cast<std::size_t>(std::min<std::uint64_t>(size, *faults.cut_after));
        *faults.cut_after -= size;
      }
      stream->given = at += size;
      const ByteView part =
          ByteView(bytes).subspan(static_cast<std::size_t>(at - begin) - size, size);
      if (size > 0) sink_.on_bytes(id, part);
      stream = find(id);
      if (stream == nullptr) return false;
      if (stream->faults.cut_after == std::uint64_t{0}) {
        reset(id);
        return false;
      }
    }
  }
  Stream* stream = find(id);
  if (stream == nullptr) return false;
  if (stream->given == stream->peer_end && !stream->told_finished) {
    stream->told_finished = true;
    sink_.on_finished(id);
  }
  return find(id) != nullptr;
}

std::uint32_t StreamHost::window(const Stream& stream) const {
  const std::uint64_t held = stream.given - stream.consumed;
  if (held >= spec_.receive_buffer_bytes) return 0;
  return static_cast<std::uint32_t>(spec_.receive_buffer_bytes - held);
}

// Both have said their last, and know it.
void StreamHost::close_if_done(ByteStreamId id) {
  Stream* stream = find(id);
  if (stream == nullptr || !stream->told_finished || !stream->end_acknowledged()) return;
  stream->state = StreamState::lingering;
  stream->asked_at = timeline_.now();
  arm(*stream);
  sink_.on_ended(id, StreamEnd::closed);
}

// --- outbound -----------------------------------------------------------------------------------

void StreamHost::take_acknowledgement(Stream& stream, const Segment& segment) {
  const std::uint64_t allowed = segment.acknowledged + segment.window;
  const bool opens = allowed > stream.allowed;
  stream.allowed = std::max(stream.allowed, allowed);
  const std::uint64_t upto = segment.acknowledged;
  if (upto > stream.farthest || upto < stream.acknowledged) return;
  if (upto == stream.acknowledged) {
    const bool repeats = !opens && segment.bytes.empty() && stream.next > stream.acknowledged;
    if (repeats && ++stream.repeated == kRepeatedOfLoss) lose_one(stream);
    return;
  }
  // The end has a number and no byte.
  const std::uint64_t bytes = std::min(upto, stream.written_end()) - stream.acknowledged;
  stream.written.erase(stream.written.begin(),
                       stream.written.begin() + static_cast<std::ptrdiff_t>(bytes));
  stream.acknowledged = upto;
  stream.next = std::max(stream.next, upto);
  stream.repeated = 0;
  stream.timeouts = 0;
  stream.resend_at = Instant::never();
  if (stream.timed != 0 && upto >= stream.timed) {
    const Duration trip = timeline_.now() - stream.timed_at;
    const Duration off =
        trip > stream.round_trip ? trip - stream.round_trip : stream.round_trip - trip;
    const bool first = stream.round_trip == Duration{};
    stream.variation = first ? trip / 2 : (stream.variation * 3 + off) / 4;
    stream.round_trip = first ? trip : (stream.round_trip * 7 + trip) / 8;
    stream.timed = 0;
  }
  if (upto < stream.recovery_ends) {
    // What follows the hole is lost as well (RFC 6582).
    const std::uint64_t left = std::min<std::uint64_t>(kMostSegmentBytes, stream.written.size());
    if (stream.next > upto) send_data(stream, upto, static_cast<std::size_t>(left));
    return;
  }
  stream.congestion_window +=
      stream.congestion_window < stream.slow_start_ends
          ? std::min<std::uint64_t>(bytes, kMostSegmentBytes)
          : std::max<std::uint64_t>(
                1, std::uint64_t{kMostSegmentBytes} * kMostSegmentBytes / stream.congestion_window);
}

void StreamHost::lose_one(Stream& stream) {
  if (stream.acknowledged >= stream.recovery_ends) {
    stream.slow_start_ends =
        std::max<std::uint64_t>((stream.next - stream.acknowledged) / 2, 2 * kMostSegmentBytes);
    stream.congestion_window = stream.slow_start_ends;
    stream.recovery_ends = stream.next;
  }
  stream.timed = 0;
  const std::uint64_t left = std::min<std::uint64_t>(kMostSegmentBytes, stream.written.size());
  send_data(stream, stream.acknowledged, static_cast<std::size_t>(left));
}

void StreamHost::pump(Stream& stream) {
  if (stream.state != StreamState::open) return arm(stream);
  const std::uint64_t limit =
      std::min(stream.acknowledged + stream.congestion_window, stream.allowed);
  while (timeline_.now() >= stream.faults.stalled_until && network_.can_send(node_)) {
    const std::uint64_t end = std::min(limit, stream.written_end());
    const std::uint64_t size =
        end > stream.next ? std::min<std::uint64_t>(end - stream.next, kMostSegmentBytes) : 0;
    const bool ends = stream.next + size == stream.end;
    if (size == 0 && !ends) break;
    if (stream.timed == 0 && stream.next >= stream.farthest) {
      stream.timed = stream.next + size + (ends ? 1 : 0);
      stream.timed_at = timeline_.now();
    }
    send_data(stream, stream.next, static_cast<std::size_t>(size));
    stream.next += size + (ends ? 1 : 0);
    stream.farthest = std::max(stream.farthest, stream.next);
  }
  arm(stream);
}

// With the end, where it follows.
void StreamHost::send_data(Stream& stream, std::uint64_t sequence, std::size_t size) {
  Segment segment;
  segment.sequence = sequence;
  const auto from = static_cast<std::size_t>(sequence - stream.acknowledged);
  segment.bytes = ByteView(stream.written).subspan(std::min(from, stream.written.size()), size);
  segment.ends = sequence + size == stream.end;
  segment.asks = true;
  send(stream, segment);
}

void StreamHost::send_plain(Stream& stream, bool asks) {
  send(stream, {.asks = asks, .sequence = stream.next});
}

void StreamHost::send(Stream& stream, Segment segment) {
  if (timeline_.now() < stream.faults.stalled_until) return;
  segment.from = stream.own_tag;
  segment.to = stream.peer_tag;
  segment.acknowledged = stream.given + (stream.told_finished ? 1 : 0);
  segment.window = window(stream);
  if (segment.asks && !stream.asked_at) stream.asked_at = timeline_.now();
  network_.send_segment(node_, stream.local, stream.ends.remote, encode(segment));
}

// --- time ---------------------------------------------------------------------------------------

bool StreamHost::owes(const Stream& stream) {
  return stream.asked_at || stream.next > stream.acknowledged || stream.written_end() > stream.next;
}

void StreamHost::arm(Stream& stream) {
  const Instant now = timeline_.now();
  if (!owes(stream)) {
    stream.resend_at = Instant::never();
  } else if (stream.resend_at == Instant::never()) {
    if (!stream.asked_at) stream.asked_at = now;
    const Duration usual = stream.round_trip + 4 * stream.variation;
    Duration wait =
        std::max(stream.round_trip == Duration{} ? kFirstTimeout : kLeastTimeout, usual);
    wait *= 1 << std::min(stream.timeouts, kMostDoublings);
    stream.resend_at = now + std::min<Duration>(wait, kMostTimeout);
  }
  Instant next = stream.resend_at;
  if (stream.state == StreamState::lingering) {
    next = *stream.asked_at + spec_.give_up;
  } else if (now < stream.faults.stalled_until) {
    next = std::min(next, stream.faults.stalled_until);
  } else if (!network_.can_send(node_)) {
    next = std::min(next, std::max(network_.room_at(node_), now + Duration{1}));
  } else if (next == Instant::never() && spec_.keep_alive > Duration{}) {
    next = std::max(now, stream.heard_at + spec_.keep_alive);
  }
  if (next == Instant::never() || stream.armed_at <= next) return;
  stream.armed_at = next;
  timeline_.schedule(next, *this, stream.id.value);
}

void StreamHost::on_event(Instant now, std::uint64_t argument) {
  const auto found = streams_.find(ByteStreamId{argument});
  if (found == streams_.end()) return;
  Stream& stream = *found->second;
  if (now < stream.armed_at) return;
  stream.armed_at = Instant::never();
  if (stream.asked_at && now - *stream.asked_at >= spec_.give_up) return on_silence(stream);
  const bool stall_ends =
      stream.faults.stalled_until != Instant{} && now >= stream.faults.stalled_until;
  if (stall_ends) stream.faults.stalled_until = {};
  if (now >= stream.resend_at) {
    resend(stream);
  } else if (stall_ends || (!owes(stream) && now - stream.heard_at >= spec_.keep_alive)) {
    send_plain(stream, /*asks=*/true);
  }
  pump(stream);
}

void StreamHost::resend(Stream& stream) {
  stream.resend_at = Instant::never();
  ++stream.timeouts;
  stream.timed = 0;
  if (stream.state == StreamState::lingering) return;
  if (stream.state != StreamState::open) return send(stream, {.begins = true});
  if (stream.next == stream.acknowledged) return send_plain(stream, /*asks=*/true);
  // All that is on the way counts as lost (RFC 5681 section 3.1).
  stream.slow_start_ends =
      std::max<std::uint64_t>((stream.next - stream.acknowledged) / 2, 2 * kMostSegmentBytes);
  stream.congestion_window = kMostSegmentBytes;
  stream.recovery_ends = stream.acknowledged;
  stream.next = stream.acknowledged;
}

}  // namespace kith::sim
