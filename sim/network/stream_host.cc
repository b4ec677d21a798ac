#include "sim/network/stream_host.h"

#include <algorithm>

#include "sim/network/stream_state.h"

namespace kith::sim {
namespace {

// RFC 6335: ports that are given out for a while.
constexpr std::uint16_t kFirstPort = 49'152;
// RFC 6928: what is sent before anything is known of the path.
constexpr std::uint64_t kFirstWindow = 10 * kMostSegmentBytes;

}  // namespace

std::string_view to_string(StreamEnd end) {
  static constexpr std::string_view kNames[] = {"closed", "refused", "timed_out", "reset"};
  return kNames[static_cast<std::size_t>(end)];
}

StreamHost::StreamHost(Timeline& timeline, Network& network, NodeId node, StreamSink& sink,
                       RandomSource random, const StreamSpec& spec)
    : timeline_(timeline),
      network_(network),
      node_(node),
      sink_(sink),
      random_(std::move(random)),
      spec_(spec),
      next_port_(kFirstPort) {
  network.set_segment_sink(node, *this);
}

StreamHost::~StreamHost() = default;

// --- what the application asks for --------------------------------------------------------------

Result<ByteStreamId> StreamHost::connect(const Address& remote) {
  const auto local = network_.source_for(node_, remote);
  if (mute_ || !local) return failure(ErrorCode::unreachable, "There is no way there.");
  Ends ends{next_port_, remote};
  while (by_ends_.contains(ends)) ++ends.port;
  next_port_ = ends.port == 65'535 ? kFirstPort : static_cast<std::uint16_t>(ends.port + 1);
  Stream& stream = make(ends, *local);
  stream.asked_at = timeline_.now();
  send(stream, {.begins = true});
  arm(stream);
  return stream.id;
}

std::size_t StreamHost::write(ByteStreamId id, ByteView bytes) {
  Stream* stream = find(id);
  if (stream == nullptr || stream->end != Stream::kNone) return 0;
  const std::size_t room = spec_.send_buffer_bytes - stream->written.size();
  const ByteView taken = bytes.first(std::min(bytes.size(), room));
  stream->written.insert(stream->written.end(), taken.begin(), taken.end());
  stream->wants_room = taken.size() < bytes.size();
  pump(*stream);
  return taken.size();
}

void StreamHost::finish(ByteStreamId id) {
  Stream* stream = find(id);
  if (stream == nullptr || stream->end != Stream::kNone) return;
  stream->end = stream->acknowledged + stream->written.size();
  pump(*stream);
}

void StreamHost::consumed(ByteStreamId id, std::size_t bytes) {
  Stream* stream = find(id);
  if (stream == nullptr) return;
  const std::uint32_t before = window(*stream);
  stream->consumed += bytes;
  // Not for every byte, but before the other side stands still (RFC 1122 section 4.2.3.3).
  const bool stood = before < kMostSegmentBytes;
  if (stood && window(*stream) >= kMostSegmentBytes) send_plain(*stream);
}

void StreamHost::reset(ByteStreamId id) {
  Stream* stream = find(id);
  if (stream == nullptr) return;
  send(*stream, {.resets = true});
  end(*stream, StreamEnd::reset);
}

void StreamHost::set_faults(ByteStreamId id, const StreamFaults& faults) {
  Stream* stream = find(id);
  if (stream == nullptr) return;
  stream->faults = faults;
  arm(*stream);
}

void StreamHost::vanish(bool mute) {
  streams_.clear();
  by_ends_.clear();
  mute_ = mute;
}

// --- streams ------------------------------------------------------------------------------------

// A stream that has closed is nobody's business any more.
StreamHost::Stream* StreamHost::find(ByteStreamId id) {
  const auto found = streams_.find(id);
  if (found == streams_.end() || found->second->state == StreamState::lingering) return nullptr;
  return found->second.get();
}

StreamHost::Stream& StreamHost::make(const Ends& ends, const Address& local) {
  const ByteStreamId id{++last_id_};
  Stream& stream = *streams_.emplace(id, std::make_unique<Stream>()).first->second;
  by_ends_.insert_or_assign(ends, id);
  stream.id = id;
  stream.ends = ends;
  stream.local = local;
  stream.local.port = ends.port;
  stream.own_tag = random_.next_u64() | 1;  // never 0
  stream.congestion_window = kFirstWindow;
  stream.heard_at = timeline_.now();
  return stream;
}

void StreamHost::forget(ByteStreamId id) {
  const auto found = streams_.find(id);
  if (found == streams_.end()) return;
  by_ends_.erase(found->second->ends);
  streams_.erase(found);
}

void StreamHost::end(Stream& stream, StreamEnd how) {
  const ByteStreamId id = stream.id;
  forget(id);
  sink_.on_ended(id, how);
}

// --- segments -----------------------------------------------------------------------------------

void StreamHost::on_datagrams(Instant, const Arrival& arrival) {
  if (mute_) return;
  const auto segment = decode_segment(arrival.bytes);
  if (!segment) return;
  const Ends ends{arrival.local.port, arrival.remote};
  const auto found = by_ends_.find(ends);
  if (found != by_ends_.end()) {
    return on_segment(*streams_.at(found->second), arrival, *segment);
  }
  if (segment->begins && segment->to == 0 && listening_.contains(ends.port)) {
    return begin_accepting(ends, arrival, *segment);
  }
  refute(arrival, *segment);
}

// By the tags of what is refuted, so that nobody else can be meant.
void StreamHost::refute(const Arrival& arrival, const Segment& segment) {
  if (segment.resets) return;
  Segment answer;
  answer.resets = true;
  answer.from = segment.to;
  answer.to = segment.from;
  network_.send_segment(node_, arrival.local, arrival.remote, encode(answer));
}

void StreamHost::on_segment(Stream& stream, const Arrival& arrival, const Segment& segment) {
  if (segment.begins && segment.to == 0) return on_first(stream, arrival, segment);
  const bool to_us = segment.to == stream.own_tag;
  if (stream.state == StreamState::connecting) {
    // A reset knows no tag of a side that never answered.
    if (to_us && segment.resets && segment.from == 0) return on_reset(stream);
    if (to_us && segment.begins) return on_answer(stream, segment);
    return refute(arrival, segment);
  }
  if (!to_us || segment.from != stream.peer_tag) return refute(arrival, segment);
  if (segment.resets) return on_reset(stream);
  stream.heard_at = timeline_.now();
  if (stream.state != StreamState::lingering) stream.asked_at.reset();
  switch (stream.state) {
    case StreamState::connecting:
      return;
    case StreamState::accepting:
      if (segment.begins || !open(stream)) return;
      return take(stream.id, segment);
    case StreamState::open:
      return take(stream.id, segment);
    case StreamState::lingering:
      if (segment.begins || segment.ends || segment.asks) send_plain(stream);
      return;
  }
}

void StreamHost::on_first(Stream& stream, const Arrival& arrival, const Segment& segment) {
  const bool the_same = segment.from == stream.peer_tag;
  switch (stream.state) {
    case StreamState::connecting:
      return;
    case StreamState::accepting:
      if (the_same) return send(stream, {.begins = true});
      return send_plain(stream);
    case StreamState::open:
      return send_plain(stream);
    case StreamState::lingering: {
      if (the_same) return send_plain(stream);
      const Ends ends = stream.ends;
      forget(stream.id);
      return begin_accepting(ends, arrival, segment);
    }
  }
}

void StreamHost::begin_accepting(const Ends& ends, const Arrival& arrival, const Segment& segment) {
  Stream& stream = make(ends, arrival.local);
  stream.state = StreamState::accepting;
  stream.peer_tag = segment.from;
  stream.allowed = segment.window;
  stream.asked_at = timeline_.now();
  send(stream, {.begins = true});
  arm(stream);
}

void StreamHost::on_answer(Stream& stream, const Segment& segment) {
  stream.state = StreamState::open;
  stream.peer_tag = segment.from;
  stream.allowed = segment.window;
  stream.heard_at = timeline_.now();
  stream.asked_at.reset();
  stream.resend_at = Instant::never();
  stream.timeouts = 0;
  send_plain(stream);
  const ByteStreamId id = stream.id;
  sink_.on_connected(id);
  if (Stream* still = find(id)) pump(*still);
}

// False if the application wanted none of it.
bool StreamHost::open(Stream& stream) {
  stream.state = StreamState::open;
  stream.resend_at = Instant::never();
  stream.timeouts = 0;
  const ByteStreamId id = stream.id;
  sink_.on_accepted(id, stream.ends.port, stream.ends.remote);
  return find(id) != nullptr;
}

void StreamHost::on_reset(Stream& stream) {
  switch (stream.state) {
    case StreamState::connecting:
      return end(stream, StreamEnd::refused);
    case StreamState::open:
      return end(stream, StreamEnd::reset);
    case StreamState::accepting:
    case StreamState::lingering:
      return forget(stream.id);
  }
}

void StreamHost::on_silence(Stream& stream) {
  switch (stream.state) {
    case StreamState::connecting:
    case StreamState::open:
      return end(stream, StreamEnd::timed_out);
    case StreamState::accepting:
    case StreamState::lingering:
      return forget(stream.id);
  }
}

}  // namespace kith::sim
