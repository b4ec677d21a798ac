#pragma once

// Messages on a control stream: a length (u32, big-endian) and that many bytes, a FlatBuffer. The
// reader takes a stream in any cuts and bounds what a stranger can make it hold.

#include <cstdint>
#include <optional>

#include "kith/bytes.h"

namespace flatbuffers {
class FlatBufferBuilder;
}

namespace kith::wire {

inline constexpr std::size_t kFrameHeaderBytes = 4;

// The finished buffer of `builder` with its length in front.
Bytes make_frame(const flatbuffers::FlatBufferBuilder& builder);
Bytes make_frame(ByteView payload);

class FrameReader {
 public:
  explicit FrameReader(std::size_t max_frame_bytes) : max_frame_bytes_(max_frame_bytes) {}

  void push(ByteView bytes);

  // The next whole frame. Aligned for FlatBuffers.
  std::optional<Bytes> pop();

  // A length above the limit was announced. Nothing is popped from then on.
  bool oversized() const { return oversized_; }
  // Bytes of a frame that is not yet whole.
  std::size_t pending_bytes() const { return buffer_.size() - consumed_; }

 private:
  std::size_t max_frame_bytes_;
  Bytes buffer_;
  std::size_t consumed_ = 0;
  bool oversized_ = false;
};

}  // namespace kith::wire
