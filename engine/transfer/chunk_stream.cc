#include "engine/transfer/chunk_stream.h"

#include <algorithm>
#include <utility>

#include "engine/base/byte_reader.h"
#include "engine/base/check.h"

namespace kith::transfer {

ChunkStream::Found ChunkStream::read(ByteView& bytes) {
  if (!in_chunk_) {
    const auto taken = std::min(bytes.size(), header_.size() - header_size_);
    std::copy_n(bytes.begin(), taken, header_.begin() + static_cast<std::ptrdiff_t>(header_size_));
    header_size_ += taken;
    bytes = bytes.subspan(taken);
    if (header_size_ < header_.size()) return Found::nothing;
    ByteReader reader(header_);
    chunk_ = *reader.u32();
    length_ = *reader.u32();
    return Found::header;
  }
  const auto taken = std::min<std::size_t>(bytes.size(), length_ - data_.size());
  data_.insert(data_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(taken));
  bytes = bytes.subspan(taken);
  return data_.size() == length_ ? Found::chunk : Found::nothing;
}

void ChunkStream::begin_chunk() {
  KITH_CHECK(!in_chunk_ && header_size_ == header_.size());
  in_chunk_ = true;
  data_.reserve(length_);
}

Bytes ChunkStream::take_chunk() {
  KITH_CHECK(in_chunk_ && data_.size() == length_);
  in_chunk_ = false;
  header_size_ = 0;
  return std::exchange(data_, {});
}

}  // namespace kith::transfer
