// The streams of a connection.

#include <ngtcp2/ngtcp2.h>

#include <array>
#include <utility>

#include "engine/base/check.h"
#include "engine/quic/connection.h"

namespace kith::quic {
namespace {

StreamKind kind_of(StreamId id) {
  return ngtcp2_is_bidi_stream(id.value) != 0 ? StreamKind::bidirectional
                                              : StreamKind::unidirectional;
}

}  // namespace

// --- the owner's verbs --------------------------------------------------------------------------

void Connection::open_stream(StreamKind kind, std::uint64_t tag) {
  if (ending_) return;
  pending_opens_.push_back({kind, tag});
  if (connected_) open_pending_streams();
}

// In the order they were asked for within each kind; a kind whose limit is reached waits without
// holding up the other.
void Connection::open_pending_streams() {
  bool full[2] = {false, false};
  std::deque<PendingOpen> waiting;
  for (const PendingOpen& open : pending_opens_) {
    const bool bidi = open.kind == StreamKind::bidirectional;
    std::int64_t id = -1;
    const auto opened = [&] {
      return (bidi ? ngtcp2_conn_open_bidi_stream(conn(), &id, nullptr)
                   : ngtcp2_conn_open_uni_stream(conn(), &id, nullptr)) == 0;
    };
    if (full[bidi] || !opened()) {
      full[bidi] = true;
      waiting.push_back(open);
      continue;
    }
    Stream& stream = add_stream({id}, true);
    ngtcp2_conn_set_stream_user_data(conn(), id, &stream);
    shared_.events.push_back(StreamReady{id_, open.tag, stream.id});
  }
  pending_opens_ = std::move(waiting);
}

void Connection::write_stream(StreamId id, SharedBytes data, bool fin) {
  Stream* stream = find_stream(id);
  if (ending_ || stream == nullptr || stream->closed_in_transport) return;
  KITH_CHECK_MSG(stream->opened_here || kind_of(id) == StreamKind::bidirectional,
                 "stream {} is the peer's to write", id.value);
  stream->send.push(std::move(data), fin);
  if (stream->send.unacked_bytes() >= kStreamLowWater) stream->send.above_low_water = true;
  queue_to_send(*stream);
}

void Connection::await_writable(StreamId id) {
  Stream* stream = find_stream(id);
  if (ending_ || stream == nullptr || stream->send.abandoned()) return;
  stream->send.above_low_water = true;
  note_low_water(*stream);
}

bool Connection::take(StreamId id, Bytes& out, bool& fin) {
  Stream* stream = find_stream(id);
  if (stream == nullptr || !stream->receive.has_news()) return false;
  fin = stream->receive.take(out);
  forget_if_done(*stream);
  return true;
}

void Connection::credit(StreamId id, std::uint64_t bytes) {
  Stream* stream = find_stream(id);
  if (ending_ || stream == nullptr || bytes == 0) return;
  // A stream that was reset or stopped has returned all its credit already.
  if (stream->receive.abandoned()) return;
  KITH_CHECK_MSG(bytes <= stream->receive.uncredited_bytes(), "{} bytes credited, {} received",
                 bytes, stream->receive.uncredited_bytes());
  stream->receive.mark_credited(bytes);
  if (!stream->closed_in_transport) {
    KITH_CHECK(ngtcp2_conn_extend_max_stream_offset(conn(), id.value, bytes) == 0);
  }
  return_credit(bytes);
  forget_if_done(*stream);
}

void Connection::reset_stream(StreamId id, std::uint64_t code) {
  Stream* stream = find_stream(id);
  if (ending_ || stream == nullptr || stream->closed_in_transport) return;
  KITH_CHECK_MSG(stream->opened_here || kind_of(id) == StreamKind::bidirectional,
                 "stream {} is the peer's to reset", id.value);
  stream->send.abandon();
  KITH_CHECK(ngtcp2_conn_shutdown_stream_write(conn(), 0, id.value, code) == 0);
}

void Connection::stop_stream(StreamId id, std::uint64_t code) {
  Stream* stream = find_stream(id);
  if (ending_ || stream == nullptr || stream->receive.abandoned()) return;
  return_credit(stream->receive.abandon());
  if (!stream->closed_in_transport) {
    KITH_CHECK(ngtcp2_conn_shutdown_stream_read(conn(), 0, id.value, code) == 0);
  }
  forget_if_done(*stream);
}

// --- what ngtcp2 reports ------------------------------------------------------------------------

int Connection::on_stream_opened(std::int64_t id) {
  Stream& stream = add_stream({id}, false);
  ngtcp2_conn_set_stream_user_data(conn(), id, &stream);
  shared_.events.push_back(StreamOpened{id_, stream.id, kind_of(stream.id)});
  return 0;
}

int Connection::on_stream_data(Stream* stream, std::uint32_t flags, ByteView data) {
  // After stop_stream() ngtcp2 neither delivers nor keeps what still arrives.
  if (stream == nullptr || stream->receive.abandoned()) return 0;
  stream->receive.append(data, (flags & NGTCP2_STREAM_DATA_FLAG_FIN) != 0);
  announce(*stream);
  return 0;
}

int Connection::on_stream_acked(Stream* stream, std::uint64_t offset_end) {
  if (stream == nullptr) return 0;
  stream->send.mark_acked(offset_end);
  note_low_water(*stream);
  return 0;
}

int Connection::on_stream_window_grew(Stream* stream) {
  if (stream == nullptr) return 0;
  stream->send.blocked = false;
  queue_to_send(*stream);
  return 0;
}

int Connection::on_stream_reset(Stream* stream, std::uint64_t code) {
  if (stream == nullptr || stream->receive.abandoned()) return 0;
  return_credit(stream->receive.abandon());
  shared_.events.push_back(StreamReset{id_, stream->id, code});
  return 0;
}

int Connection::on_stream_closed(Stream* stream, std::optional<std::uint64_t> code) {
  if (stream == nullptr) return 0;
  packets_lost_in_closed_streams_ += ngtcp2_conn_get_stream_loss_count(conn(), stream->id.value);
  stream->closed_in_transport = true;
  // Data the peer has not acknowledged at this point it has asked us to stop sending.
  const bool writable = stream->opened_here || kind_of(stream->id) == StreamKind::bidirectional;
  if (writable && code && !stream->send.abandoned() && !stream->send.done())
    stop_sending(*stream, *code);
  stream->send.release();
  forget_if_done(*stream);
  return 0;
}

int Connection::on_stream_limit_grew() {
  limit_grew_ = true;
  return 0;
}

// --- inside -------------------------------------------------------------------------------------

Stream* Connection::find_stream(StreamId id) {
  const auto found = streams_.find(id);
  return found == streams_.end() ? nullptr : &found->second;
}

Stream& Connection::add_stream(StreamId id, bool opened_here) {
  Stream& stream = streams_[id];
  stream.id = id;
  stream.opened_here = opened_here;
  return stream;
}

void Connection::queue_to_send(Stream& stream) {
  if (stream.queued_to_send || stream.send.blocked || !stream.send.has_work()) return;
  stream.queued_to_send = true;
  to_send_.push_back(stream.id);
}

Stream* Connection::next_to_send() {
  while (!to_send_.empty()) {
    Stream* stream = find_stream(to_send_.front());
    if (stream != nullptr && stream->send.has_work() && !stream->send.blocked) return stream;
    if (stream != nullptr) stream->queued_to_send = false;
    to_send_.pop_front();
  }
  return nullptr;
}

// ngtcp2 1.11 says nothing when a peer stops reading a stream that it still writes. It refuses
// to send on it, though, and that can be asked without sending: more bytes than any stream may
// carry are refused for their number only if not for the stream.
void Connection::notice_stops(std::uint64_t ts) {
  const ngtcp2_vec too_much{nullptr, std::size_t{NGTCP2_MAX_VARINT} + 1};
  std::array<std::uint8_t, NGTCP2_MAX_UDP_PAYLOAD_SIZE> unused;
  for (auto& [id, stream] : streams_) {
    if (stream.closed_in_transport || stream.send.abandoned() || stream.send.fin_sent() ||
        stream.receive.ended() || kind_of(id) != StreamKind::bidirectional) {
      continue;
    }
    if (ngtcp2_conn_writev_stream(conn(), nullptr, nullptr, unused.data(), unused.size(), nullptr,
                                  NGTCP2_WRITE_STREAM_FLAG_NONE, id.value, &too_much, 1,
                                  ts) == NGTCP2_ERR_STREAM_SHUT_WR) {
      on_send_refused(stream);
    }
  }
}

// The code is known when the stream closes, which it does in a round trip unless the peer is still
// writing.
void Connection::on_send_refused(Stream& stream) {
  const bool receives = !stream.opened_here || kind_of(stream.id) == StreamKind::bidirectional;
  if (receives && !stream.receive.ended()) {
    stop_sending(stream, 0);
  } else {
    stream.send.blocked = true;
  }
}

void Connection::stop_sending(Stream& stream, std::uint64_t code) {
  if (stream.send.abandoned()) return;
  stream.send.abandon();
  shared_.events.push_back(StreamStopped{id_, stream.id, code});
}

void Connection::announce(Stream& stream) {
  if (stream.receive.announced) return;
  stream.receive.announced = true;
  shared_.events.push_back(StreamReadable{id_, stream.id});
}

void Connection::note_low_water(Stream& stream) {
  if (!stream.send.above_low_water || stream.send.unacked_bytes() >= kStreamLowWater) return;
  stream.send.above_low_water = false;
  shared_.events.push_back(StreamWritable{id_, stream.id});
}

// A stream is forgotten, and the peer may open another, when the transport is done with it and the
// owner has taken everything and returned the credit for it.
void Connection::forget_if_done(Stream& stream) {
  if (ending_ || !stream.closed_in_transport) return;
  const bool receives = !stream.opened_here || kind_of(stream.id) == StreamKind::bidirectional;
  if (receives && !stream.receive.finished()) return;
  if (stream.receive.uncredited_bytes() > 0) return;
  const StreamId id = stream.id;
  const bool opened_here = stream.opened_here;
  streams_.erase(id);
  if (opened_here) return;
  if (kind_of(id) == StreamKind::bidirectional) {
    ngtcp2_conn_extend_max_streams_bidi(conn(), 1);
  } else {
    ngtcp2_conn_extend_max_streams_uni(conn(), 1);
  }
}

void Connection::return_credit(std::uint64_t bytes) {
  if (bytes > 0 && !ending_) ngtcp2_conn_extend_max_offset(conn(), bytes);
}

void Connection::check_invariants() const {
  KITH_CHECK(ending_.has_value() == (conn_ == nullptr));
  std::uint64_t peers_bidi = 0;
  std::uint64_t peers_uni = 0;
  for (const auto& [id, stream] : streams_) {
    KITH_CHECK(stream.id == id);
    if (!stream.opened_here) ++(kind_of(id) == StreamKind::bidirectional ? peers_bidi : peers_uni);
    if (!ending_ && stream.send.has_work() && !stream.send.blocked) {
      KITH_CHECK(stream.queued_to_send);
    }
  }
  KITH_CHECK(peers_bidi <= shared_.config.max_streams_bidi);
  KITH_CHECK(peers_uni <= shared_.config.max_streams_uni);
}

}  // namespace kith::quic
