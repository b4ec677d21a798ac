#pragma once

// How the bytes of a manifest are cut into chunks: a pure function of the manifest, so that both
// sides compute the same and a chunk needs no more than a number on the wire.
//
//   files    |  2.5 MiB                 | 3 KiB | 1 KiB | 1 MiB       | 0.9 MiB  | 0.2 MiB |
//   chunks   | 0 = p0 | 1 = p1 | 2 = p2 and two small    | 3 = p0      | 4        | 5       |
//
// Files stand in the order of the manifest. Each full piece is a chunk; a tail or a small file
// shares its chunk with what follows, up to 1 MiB and kMaxPiecesPerChunk. Empty files have no
// piece. So the chunks cover every byte once, in order.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/transfer/manifest.h"

namespace kith::transfer {

// On a data stream every chunk is its number and its length, u32 each, and then its bytes.
inline constexpr std::size_t kChunkHeaderBytes = 8;

struct Piece {
  std::uint32_t entry = 0;
  std::uint32_t index = 0;   // the piece begins at index x 1 MiB of its file
  std::uint32_t offset = 0;  // in the chunk
  std::uint32_t length = 0;
  bool whole_file = false;

  std::uint64_t file_offset() const { return std::uint64_t{index} * kPieceBytes; }
  friend bool operator==(const Piece&, const Piece&) = default;
};

class ChunkLayout {
 public:
  explicit ChunkLayout(const Manifest& manifest);

  std::uint32_t count() const { return count_; }
  // Bytes of a chunk. `chunk` < count().
  std::uint32_t length(std::uint32_t chunk) const;
  // Its pieces, by offset.
  std::vector<Piece> pieces(std::uint32_t chunk) const;

 private:
  // Chunks from `first_chunk` on: either the full pieces of one file, one each, or a single chunk
  // of the small pieces [first_small, end_small).
  struct Run {
    std::uint32_t first_chunk = 0;
    std::uint32_t entry = 0;
    std::uint32_t first_small = 0;
    std::uint32_t end_small = 0;
    bool whole_file = false;
  };

  const Run& run_of(std::uint32_t chunk) const;
  void add_small(const Piece& piece);
  void close_small();

  std::vector<Run> runs_;
  std::vector<Piece> small_;
  std::uint32_t open_from_ = 0;  // first small piece of the chunk being filled
  std::uint32_t count_ = 0;
};

}  // namespace kith::transfer
