#pragma once

// One data stream as the receiver reads it: chunk after chunk, in any cuts of the bytes.

#include <array>
#include <cstddef>
#include <cstdint>

#include "engine/transfer/chunks.h"
#include "kith/bytes.h"
#include "kith/ids.h"

namespace kith::transfer {

class ChunkStream {
 public:
  explicit ChunkStream(StreamId stream) : stream_(stream) {}

  StreamId stream() const { return stream_; }

  enum class Found : std::uint8_t { nothing, header, chunk };
  // Takes bytes from the front of `bytes` up to the next thing found. After a header begin_chunk()
  // or nothing more; after a chunk take_chunk().
  Found read(ByteView& bytes);

  std::uint32_t chunk() const { return chunk_; }
  std::uint32_t length() const { return length_; }

  // The header is acceptable: memory is taken for the chunk.
  void begin_chunk();
  Bytes take_chunk();

  // Bytes of an incomplete header and chunk, which hold the peer's credit.
  std::size_t pending_bytes() const { return header_size_ + data_.size(); }

 private:
  StreamId stream_;
  std::array<std::byte, kChunkHeaderBytes> header_{};
  std::size_t header_size_ = 0;
  std::uint32_t chunk_ = 0;
  std::uint32_t length_ = 0;
  bool in_chunk_ = false;
  Bytes data_;
};

}  // namespace kith::transfer
