#include "engine/wire/frame.h"

#include <flatbuffers/flatbuffers.h>

#include <algorithm>

namespace kith::wire {
namespace {

std::uint32_t read_length(ByteView header) {
  std::uint32_t length = 0;
  for (std::size_t i = 0; i < kFrameHeaderBytes; ++i) {
    length = (length << 8) | std::to_integer<std::uint32_t>(header[i]);
  }
  return length;
}

}  // namespace

Bytes make_frame(ByteView payload) {
  Bytes frame(kFrameHeaderBytes + payload.size());
  const auto length = static_cast<std::uint32_t>(payload.size());
  for (std::size_t i = 0; i < kFrameHeaderBytes; ++i) {
    frame[i] = static_cast<std::byte>(length >> (8 * (kFrameHeaderBytes - 1 - i)));
  }
  std::copy(payload.begin(), payload.end(), frame.begin() + kFrameHeaderBytes);
  return frame;
}

Bytes make_frame(const flatbuffers::FlatBufferBuilder& builder) {
  return make_frame(std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize())));
}

void FrameReader::push(ByteView bytes) {
  if (oversized_) return;
  buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(consumed_));
  consumed_ = 0;
  buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
}

std::optional<Bytes> FrameReader::pop() {
  const auto rest = ByteView(buffer_).subspan(consumed_);
  if (oversized_ || rest.size() < kFrameHeaderBytes) return std::nullopt;
  const std::size_t length = read_length(rest);
  if (length > max_frame_bytes_) {
    oversized_ = true;
    buffer_.clear();
    consumed_ = 0;
    return std::nullopt;
  }
  if (rest.size() < kFrameHeaderBytes + length) return std::nullopt;
  consumed_ += kFrameHeaderBytes + length;
  return to_bytes(rest.subspan(kFrameHeaderBytes, length));
}

}  // namespace kith::wire
