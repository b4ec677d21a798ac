#include "engine/transfer/chunks.h"

#include <algorithm>

#include "engine/base/check.h"
#include "engine/transfer/limits.h"

namespace kith::transfer {

ChunkLayout::ChunkLayout(const Manifest& manifest) {
  const auto& entries = manifest.entries();
  for (std::uint32_t entry = 0; entry < entries.size(); ++entry) {
    const auto size = entries[entry].size_bytes;
    const auto full = static_cast<std::uint32_t>(size / kChunkBytes);
    const auto tail = static_cast<std::uint32_t>(size % kChunkBytes);
    if (full > 0) {
      close_small();
      runs_.push_back({count_, entry, 0, 0, full == 1 && tail == 0});
      count_ += full;
    }
    if (tail > 0) add_small({entry, full, 0, tail, full == 0});
  }
  close_small();
}

std::uint32_t ChunkLayout::length(std::uint32_t chunk) const {
  const auto& run = run_of(chunk);
  if (run.first_small == run.end_small) return kChunkBytes;
  const auto& last = small_[run.end_small - 1];
  return last.offset + last.length;
}

std::vector<Piece> ChunkLayout::pieces(std::uint32_t chunk) const {
  const auto& run = run_of(chunk);
  if (run.first_small == run.end_small) {
    return {{run.entry, chunk - run.first_chunk, 0, kChunkBytes, run.whole_file}};
  }
  return {small_.begin() + run.first_small, small_.begin() + run.end_small};
}

const ChunkLayout::Run& ChunkLayout::run_of(std::uint32_t chunk) const {
  KITH_CHECK(chunk < count_);
  const auto after = std::upper_bound(
      runs_.begin(), runs_.end(), chunk,
      [](std::uint32_t value, const auto& run) { return value < run.first_chunk; });
  return *(after - 1);
}

void ChunkLayout::add_small(const Piece& piece) {
  std::uint32_t used = 0;
  if (small_.size() > open_from_) used = small_.back().offset + small_.back().length;
  if (used + piece.length > kChunkBytes || small_.size() - open_from_ == kMaxPiecesPerChunk) {
    close_small();
    used = 0;
  }
  small_.push_back(piece);
  small_.back().offset = used;
}

void ChunkLayout::close_small() {
  const auto end = static_cast<std::uint32_t>(small_.size());
  if (end == open_from_) return;
  runs_.push_back({count_++, small_[open_from_].entry, open_from_, end, false});
  open_from_ = end;
}

}  // namespace kith::transfer
