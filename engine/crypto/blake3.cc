#include "engine/crypto/blake3.h"

#include <algorithm>
#include <span>

#include "engine/base/check.h"
#include "engine/base/text.h"

// The compression functions inside the official C library, which choose SIMD code for the
// processor. Their header is the library's own and is not installed everywhere.
extern "C" {
void blake3_compress_in_place(std::uint32_t cv[8], const std::uint8_t block[BLAKE3_BLOCK_LEN],
                              std::uint8_t block_len, std::uint64_t counter, std::uint8_t flags);
void blake3_hash_many(const std::uint8_t* const* inputs, std::size_t num_inputs, std::size_t blocks,
                      const std::uint32_t key[8], std::uint64_t counter, bool increment_counter,
                      std::uint8_t flags, std::uint8_t flags_start, std::uint8_t flags_end,
                      std::uint8_t* out);
}

namespace kith {
namespace {

// BLAKE3 specification, section 2.2, table 1 and table 3.
using Words = std::array<std::uint32_t, 8>;
constexpr Words kIv{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                    0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
constexpr std::uint8_t kChunkStart = 1 << 0;
constexpr std::uint8_t kChunkEnd = 1 << 1;
constexpr std::uint8_t kParent = 1 << 2;
constexpr std::uint8_t kRoot = 1 << 3;

constexpr std::size_t kBlockBytes = BLAKE3_BLOCK_LEN;
constexpr std::size_t kChunkBytes = BLAKE3_CHUNK_LEN;
constexpr std::size_t kBlocksPerChunk = kChunkBytes / kBlockBytes;
constexpr std::size_t kChunksPerPiece = kPieceBytes / kChunkBytes;
constexpr std::size_t kHashBytes = BLAKE3_OUT_LEN;

// How many inputs are handed to the SIMD code at once: a multiple of its widest step, 16.
constexpr std::size_t kBatch = 64;

const std::uint8_t* octets(const std::byte* bytes) {
  return reinterpret_cast<const std::uint8_t*>(bytes);
}
std::uint8_t* octets(std::byte* bytes) { return reinterpret_cast<std::uint8_t*>(bytes); }

PieceHash to_bytes(const Words& words) {
  PieceHash out;
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = static_cast<std::byte>(words[i / 4] >> (8 * (i % 4)) & 0xff);
  }
  return out;
}

// One chunk of at most 1,024 bytes, perhaps the last or the only one.
PieceHash hash_chunk(ByteView chunk, std::uint64_t counter, bool root) {
  Words value = kIv;
  std::uint8_t flags = kChunkStart;
  while (chunk.size() > kBlockBytes) {
    blake3_compress_in_place(value.data(), octets(chunk.data()), kBlockBytes, counter, flags);
    chunk = chunk.subspan(kBlockBytes);
    flags = 0;
  }
  std::array<std::byte, kBlockBytes> last{};
  std::ranges::copy(chunk, last.begin());
  flags = static_cast<std::uint8_t>(flags | kChunkEnd | (root ? kRoot : 0));
  blake3_compress_in_place(value.data(), octets(last.data()),
                           static_cast<std::uint8_t>(chunk.size()), counter, flags);
  return to_bytes(value);
}

PieceHash hash_parent(const PieceHash& left, const PieceHash& right, bool root) {
  std::array<std::byte, kBlockBytes> block;
  const auto middle = std::ranges::copy(left, block.begin()).out;
  std::ranges::copy(right, middle);
  Words value = kIv;
  const auto flags = static_cast<std::uint8_t>(kParent | (root ? kRoot : 0));
  blake3_compress_in_place(value.data(), octets(block.data()), kBlockBytes, 0, flags);
  return to_bytes(value);
}

// Hashes `count` inputs of `blocks` blocks each, which lie one after the other, into `out`.
void hash_row(const std::byte* inputs, std::size_t count, std::size_t blocks, std::uint64_t counter,
              bool chunks, PieceHash* out) {
  std::array<const std::uint8_t*, kBatch> batch;
  while (count > 0) {
    const std::size_t take = std::min(count, kBatch);
    for (std::size_t i = 0; i < take; ++i) batch[i] = octets(inputs + i * blocks * kBlockBytes);
    blake3_hash_many(batch.data(), take, blocks, kIv.data(), counter, chunks,
                     chunks ? std::uint8_t{0} : kParent, chunks ? kChunkStart : std::uint8_t{0},
                     chunks ? kChunkEnd : std::uint8_t{0}, octets(out->data()));
    inputs += take * blocks * kBlockBytes;
    if (chunks) counter += take;
    out += take;
    count -= take;
  }
}

// Joins neighbours until two are left, which make the last parent. A node without a neighbour
// rises unchanged: that yields the left-balanced tree.
PieceHash join_row(std::span<PieceHash> row, bool root) {
  static_assert(sizeof(PieceHash) == kHashBytes, "a row of hashes is a row of parent blocks");
  std::array<PieceHash, kChunksPerPiece / 2> parents;
  while (row.size() > 2) {
    const std::size_t pairs = row.size() / 2;
    hash_row(row.front().data(), pairs, 1, 0, false, parents.data());
    std::copy_n(parents.begin(), pairs, row.begin());
    if (row.size() % 2 == 1) row[pairs] = row.back();
    row = row.first(pairs + row.size() % 2);
  }
  return hash_parent(row[0], row[1], root);
}

}  // namespace

std::string Digest::to_hex() const { return kith::to_hex(bytes); }

Blake3Hasher::Blake3Hasher() { blake3_hasher_init(&state_); }

Blake3Hasher Blake3Hasher::derive_key(std::string_view context) {
  Blake3Hasher hasher;
  blake3_hasher_init_derive_key_raw(&hasher.state_, context.data(), context.size());
  return hasher;
}

Blake3Hasher& Blake3Hasher::update(ByteView bytes) {
  blake3_hasher_update(&state_, bytes.data(), bytes.size());
  return *this;
}

Digest Blake3Hasher::digest() const {
  Digest digest;
  blake3_hasher_finalize(&state_, octets(digest.bytes.data()), digest.bytes.size());
  return digest;
}

Digest blake3(ByteView bytes) { return Blake3Hasher().update(bytes).digest(); }

std::uint64_t piece_count(std::uint64_t file_size_bytes) {
  if (file_size_bytes == 0) return 1;
  return (file_size_bytes - 1) / kPieceBytes + 1;
}

std::size_t piece_length(std::uint64_t file_size_bytes, std::uint64_t piece_index) {
  const std::uint64_t count = piece_count(file_size_bytes);
  KITH_CHECK(piece_index < count);
  if (piece_index + 1 < count) return kPieceBytes;
  return static_cast<std::size_t>(file_size_bytes - piece_index * kPieceBytes);
}

PieceHash hash_piece(ByteView piece, std::uint64_t piece_index, bool whole_file) {
  KITH_CHECK(piece.size() <= kPieceBytes);
  KITH_CHECK(!whole_file || piece_index == 0);
  KITH_CHECK(whole_file || !piece.empty());
  const std::uint64_t first_chunk = piece_index * kChunksPerPiece;
  if (piece.size() <= kChunkBytes) return hash_chunk(piece, first_chunk, whole_file);

  const std::size_t whole_chunks = piece.size() / kChunkBytes;
  std::array<PieceHash, kChunksPerPiece> row;
  hash_row(piece.data(), whole_chunks, kBlocksPerChunk, first_chunk, true, row.data());
  std::size_t chunks = whole_chunks;
  if (const ByteView tail = piece.subspan(whole_chunks * kChunkBytes); !tail.empty()) {
    row[chunks] = hash_chunk(tail, first_chunk + chunks, false);
    ++chunks;
  }
  return join_row(std::span(row).first(chunks), whole_file);
}

FileDigest::FileDigest(std::uint64_t file_size_bytes)
    : hashes_(static_cast<std::size_t>(piece_count(file_size_bytes))),
      present_(hashes_.size()),
      missing_(hashes_.size()) {}

void FileDigest::add(std::uint64_t piece_index, const PieceHash& hash) {
  KITH_CHECK(piece_index < hashes_.size());
  const auto index = static_cast<std::size_t>(piece_index);
  hashes_[index] = hash;
  if (!present_[index]) --missing_;
  present_[index] = true;
}

bool FileDigest::has(std::uint64_t piece_index) const {
  KITH_CHECK(piece_index < hashes_.size());
  return present_[static_cast<std::size_t>(piece_index)];
}

Digest FileDigest::digest() const {
  KITH_CHECK(complete());
  if (hashes_.size() == 1) return {hashes_.front()};

  // Complete subtrees, larger before smaller: after n pieces there is one for every bit set in n.
  std::vector<PieceHash> subtrees;
  for (std::size_t i = 0; i + 1 < hashes_.size(); ++i) {
    PieceHash joined = hashes_[i];
    for (std::size_t pieces = i + 1; pieces % 2 == 0; pieces /= 2) {
      joined = hash_parent(subtrees.back(), joined, false);
      subtrees.pop_back();
    }
    subtrees.push_back(joined);
  }
  PieceHash right = hashes_.back();
  while (subtrees.size() > 1) {
    right = hash_parent(subtrees.back(), right, false);
    subtrees.pop_back();
  }
  return {hash_parent(subtrees.front(), right, true)};
}

}  // namespace kith
