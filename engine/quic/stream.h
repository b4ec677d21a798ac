#pragma once

// The two halves of a stream as the endpoint keeps them. ngtcp2 orders, acknowledges and
// retransmits; here is the memory it points into and the memory the owner reads.

#include <ngtcp2/ngtcp2.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>

#include "kith/bytes.h"
#include "kith/ids.h"

namespace kith::quic {

// What was written and is not yet acknowledged. ngtcp2 keeps pointers into the pieces it was given
// until it reports them acknowledged, so a piece is let go only then.
//
//   acked_            sent_                end_
//     | in flight       | waiting to be sent | (fin)
class SendQueue {
 public:
  // Nothing may follow `fin`.
  void push(SharedBytes data, bool fin);

  // Points `out` at the bytes that wait to be sent, in order; returns how many entries it used.
  std::size_t next(std::span<ngtcp2_vec> out) const;
  // Whether the entries of next() reach the end of what was written.
  bool next_reaches_end(std::span<const ngtcp2_vec> entries) const;
  // `bytes` of next() went into a packet, and with them the fin if `fin` was passed and they are
  // all there was.
  void mark_sent(std::size_t bytes, bool fin);
  void mark_acked(std::uint64_t offset_end);

  // The stream was reset or stopped: nothing more is sent. ngtcp2 may still look at what is in
  // flight, so its memory stays.
  void abandon();
  // ngtcp2 has forgotten the stream.
  void release();

  bool has_work() const { return !abandoned_ && (sent_ < end_ || (fin_ && !fin_sent_)); }
  bool fin_queued() const { return fin_; }
  bool abandoned() const { return abandoned_; }
  bool fin_sent() const { return fin_sent_; }
  bool done() const { return fin_sent_ && acked_ == end_; }
  std::uint64_t unacked_bytes() const { return end_ - acked_; }

  // Set while the peer's stream window is full, or when the peer has stopped reading.
  bool blocked = false;
  // Whether unacked_bytes() has been above the low-water mark since the owner was last told.
  bool above_low_water = false;

 private:
  struct Piece {
    SharedBytes data;
    std::uint64_t offset;
  };

  std::deque<Piece> pieces_;
  std::size_t next_piece_ = 0;  // the first piece that is not wholly sent
  std::uint64_t acked_ = 0;
  std::uint64_t sent_ = 0;
  std::uint64_t end_ = 0;
  bool fin_ = false;
  bool fin_sent_ = false;
  bool abandoned_ = false;
};

// What has arrived in order and was not yet taken, and the credit it holds.
class ReceiveBuffer {
 public:
  void append(ByteView data, bool fin);

  // Moves everything into `out`, whose memory is used for what arrives next.
  // Returns whether nothing follows.
  bool take(Bytes& out);
  void mark_credited(std::uint64_t bytes) { credited_ += bytes; }

  // Drops what was not taken; returns the credit nobody else will return.
  std::uint64_t abandon();

  // Received and not yet credited; the owner can credit no more than this.
  std::uint64_t uncredited_bytes() const { return received_ - credited_; }
  // Something waits to be taken: bytes, or the news that none follow.
  bool has_news() const { return !abandoned_ && (!bytes_.empty() || (fin_ && !fin_taken_)); }
  bool finished() const { return abandoned_ || fin_taken_; }
  // Nothing more will arrive.
  bool ended() const { return abandoned_ || fin_; }
  bool abandoned() const { return abandoned_; }

  // A StreamReadable is on its way to the owner.
  bool announced = false;

 private:
  Bytes bytes_;
  std::uint64_t received_ = 0;
  std::uint64_t credited_ = 0;
  bool fin_ = false;
  bool fin_taken_ = false;
  bool abandoned_ = false;
};

struct Stream {
  StreamId id;
  bool opened_here = false;
  bool closed_in_transport = false;  // ngtcp2 has forgotten it
  bool queued_to_send = false;
  SendQueue send;
  ReceiveBuffer receive;
};

}  // namespace kith::quic
