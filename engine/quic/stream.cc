#include "engine/quic/stream.h"

#include <utility>

#include "engine/base/check.h"

namespace kith::quic {

void SendQueue::push(SharedBytes data, bool fin) {
  if (abandoned_) return;
  KITH_CHECK_MSG(!fin_, "a stream was written to after its end");
  if (!data.empty()) {
    const std::size_t size = data.size();
    pieces_.push_back({std::move(data), end_});
    end_ += size;
  }
  fin_ = fin;
}

std::size_t SendQueue::next(std::span<ngtcp2_vec> out) const {
  std::size_t used = 0;
  std::uint64_t from = sent_;
  for (std::size_t i = next_piece_; i < pieces_.size() && used < out.size(); ++i) {
    const ByteView rest = pieces_[i].data.view().subspan(from - pieces_[i].offset);
    // ngtcp2 reads from them only, but takes them as a C library does.
    out[used++] = {const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(rest.data())),
                   rest.size()};
    from += rest.size();
  }
  return used;
}

bool SendQueue::next_reaches_end(std::span<const ngtcp2_vec> entries) const {
  std::uint64_t reached = sent_;
  for (const ngtcp2_vec& entry : entries) reached += entry.len;
  return reached == end_;
}

void SendQueue::mark_sent(std::size_t bytes, bool fin) {
  sent_ += bytes;
  KITH_CHECK(sent_ <= end_);
  while (next_piece_ < pieces_.size() &&
         pieces_[next_piece_].offset + pieces_[next_piece_].data.size() <= sent_) {
    ++next_piece_;
  }
  if (fin && sent_ == end_) fin_sent_ = true;
}

void SendQueue::mark_acked(std::uint64_t offset_end) {
  if (abandoned_) return;
  KITH_CHECK(offset_end <= sent_);
  acked_ = offset_end;
  while (!pieces_.empty() && pieces_.front().offset + pieces_.front().data.size() <= acked_) {
    pieces_.pop_front();
    --next_piece_;
  }
}

void SendQueue::abandon() {
  abandoned_ = true;
  end_ = sent_;
  acked_ = end_;
}

void SendQueue::release() {
  abandon();
  pieces_.clear();
}

void ReceiveBuffer::append(ByteView data, bool fin) {
  received_ += data.size();
  fin_ = fin_ || fin;
  bytes_.insert(bytes_.end(), data.begin(), data.end());
}

bool ReceiveBuffer::take(Bytes& out) {
  out.clear();
  std::swap(out, bytes_);
  announced = false;
  fin_taken_ = fin_;
  return fin_;
}

std::uint64_t ReceiveBuffer::abandon() {
  abandoned_ = true;
  bytes_ = {};
  const std::uint64_t owed = uncredited_bytes();
  credited_ = received_;
  return owed;
}

}  // namespace kith::quic
