#include "engine/transfer/chunks.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>

#include "engine/transfer/limits.h"
#include "tests/transfer/random_tree.h"

namespace kith::transfer {
namespace {

ChunkLayout layout_of(const std::vector<std::uint64_t>& sizes);
void check_layout(const Manifest& manifest);

constexpr std::uint64_t kMiB = kPieceBytes;

TEST(Chunks, a_large_file_is_cut_into_pieces_of_a_mebibyte) {
  const auto layout = layout_of({2 * kMiB + 5});
  ASSERT_EQ(layout.count(), 3u);
  EXPECT_EQ(layout.pieces(1), (std::vector<Piece>{{0, 1, 0, kMiB, false}}));
  EXPECT_EQ(layout.pieces(2), (std::vector<Piece>{{0, 2, 0, 5, false}}));
  EXPECT_EQ(layout.length(2), 5u);
}

TEST(Chunks, a_file_of_exactly_one_piece_is_whole) {
  const auto layout = layout_of({kMiB});
  ASSERT_EQ(layout.count(), 1u);
  EXPECT_TRUE(layout.pieces(0)[0].whole_file);
}

TEST(Chunks, small_files_and_a_tail_share_a_chunk) {
  const auto layout = layout_of({kMiB + 100, 200, 0, 300});
  ASSERT_EQ(layout.count(), 2u);
  EXPECT_EQ(
      layout.pieces(1),
      (std::vector<Piece>{{0, 1, 0, 100, false}, {1, 0, 100, 200, true}, {3, 0, 300, 300, true}}));
}

TEST(Chunks, full_pieces_end_the_chunk_before_them) {
  const auto layout = layout_of({10, kMiB, 20});
  ASSERT_EQ(layout.count(), 3u);
  EXPECT_EQ(layout.length(0), 10u);
  EXPECT_EQ(layout.length(1), kMiB);
  EXPECT_EQ(layout.length(2), 20u);
}

TEST(Chunks, what_does_not_fit_begins_the_next) {
  const auto layout = layout_of({kMiB - 1, 1, 1});
  ASSERT_EQ(layout.count(), 2u);
  EXPECT_EQ(layout.pieces(0).size(), 2u);
}

TEST(Chunks, a_chunk_has_a_bounded_number_of_pieces) {
  const auto layout = layout_of(std::vector<std::uint64_t>(kMaxPiecesPerChunk * 2 + 1, 1));
  ASSERT_EQ(layout.count(), 3u);
  EXPECT_EQ(layout.pieces(0).size(), kMaxPiecesPerChunk);
  EXPECT_EQ(layout.pieces(2).size(), 1u);
}

TEST(Chunks, nothing_has_no_chunk) { EXPECT_EQ(layout_of({0, 0}).count(), 0u); }

TEST(Chunks, the_largest_transfer_takes_little_memory) {
  const auto layout = layout_of({kMaxTransferBytes});
  EXPECT_EQ(layout.count(), kMaxTransferBytes / kMiB);
  EXPECT_EQ(layout.pieces(layout.count() - 1)[0].index, layout.count() - 1);
}

RC_GTEST_PROP(ChunksProperty, every_byte_is_in_one_chunk_once, ()) {
  check_layout(manifest_of(random_entries()));
}

void check_layout(const Manifest& manifest) {
  const ChunkLayout layout(manifest);
  std::map<std::uint32_t, std::uint64_t> covered;  // of each file, from its beginning
  std::uint32_t last = 0;
  for (std::uint32_t chunk = 0; chunk < layout.count(); ++chunk) {
    const auto pieces = layout.pieces(chunk);
    RC_ASSERT(!pieces.empty());
    RC_ASSERT(pieces.size() <= kMaxPiecesPerChunk);
    std::uint32_t offset = 0;
    for (const auto& piece : pieces) {
      const auto size = manifest.entries()[piece.entry].size_bytes;
      RC_ASSERT(piece.entry >= last);
      last = piece.entry;
      RC_ASSERT(piece.offset == offset);
      offset += piece.length;
      RC_ASSERT(piece.length > 0u);
      RC_ASSERT(piece.file_offset() == covered[piece.entry]);
      RC_ASSERT(piece.length == piece_length(size, piece.index));
      RC_ASSERT(piece.whole_file == (piece_count(size) == 1));
      covered[piece.entry] += piece.length;
    }
    RC_ASSERT(offset == layout.length(chunk));
    RC_ASSERT(offset <= kChunkBytes);
  }
  for (std::uint32_t entry = 0; entry < manifest.entries().size(); ++entry) {
    RC_ASSERT(covered[entry] == manifest.entries()[entry].size_bytes);
  }
}

ChunkLayout layout_of(const std::vector<std::uint64_t>& sizes) {
  Manifest manifest;
  for (const auto size : sizes) {
    ManifestEntry entry;
    entry.name = "f";
    entry.size_bytes = size;
    KITH_CHECK(manifest.add(entry) == ManifestFault::none);
  }
  return ChunkLayout(manifest);
}

}  // namespace
}  // namespace kith::transfer
