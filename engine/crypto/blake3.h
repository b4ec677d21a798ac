#pragma once

// BLAKE3 of files, in pieces that are hashed in any order and by any thread.
//
// BLAKE3 is a tree over chunks of 1,024 bytes. An aligned piece of 1 MiB is a whole subtree of it
// (1,024 chunks), so a piece is hashed alone into its chaining value, and the digest of the file
// follows from the chaining values of its pieces:
//
//               digest              a file of 5.5 MiB: on the left of every node lies the
//             .---+---.             largest power of two of pieces that leaves one over
//         .---+---.   |
//       .-+-.   .-+-. .-+-.
//       p0  p1  p2 p3 p4  p5        p5 is half a piece
//
// The digest is the one b3sum prints. Source: BLAKE3 specification, sections 2.1 and 2.5.

#include <blake3.h>

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "kith/bytes.h"

namespace kith {

struct Digest {
  std::array<std::byte, 32> bytes{};

  std::string to_hex() const;

  friend auto operator<=>(const Digest&, const Digest&) = default;
};

// Hashes bytes in order: for what is not a file in pieces.
class Blake3Hasher {
 public:
  Blake3Hasher();
  // The key derivation mode: `context` is a constant that names the application and the purpose.
  static Blake3Hasher derive_key(std::string_view context);

  Blake3Hasher& update(ByteView bytes);
  Digest digest() const;  // of everything so far; more may follow

 private:
  blake3_hasher state_;
};

Digest blake3(ByteView bytes);

// The size of every piece of a file but its last.
inline constexpr std::size_t kPieceBytes = std::size_t{1} << 20;

// A file of no bytes has one piece, which is empty.
std::uint64_t piece_count(std::uint64_t file_size_bytes);

// How long a piece of a file is. The file has such a piece.
std::size_t piece_length(std::uint64_t file_size_bytes, std::uint64_t piece_index);

// The chaining value of a piece, or the digest itself if the piece is the whole file.
using PieceHash = std::array<std::byte, 32>;

// `piece` is what lies at piece_index * kPieceBytes of the file, and all of its length;
// `whole_file` says that the file has no other piece. About as fast as hashing in order.
PieceHash hash_piece(ByteView piece, std::uint64_t piece_index, bool whole_file);

// Collects the piece hashes of one file: 32 bytes and a bit for each MiB.
class FileDigest {
 public:
  explicit FileDigest(std::uint64_t file_size_bytes);

  // Pieces come in any order; adding one again replaces its hash. The file has such a piece.
  void add(std::uint64_t piece_index, const PieceHash& hash);

  bool has(std::uint64_t piece_index) const;
  std::uint64_t missing() const { return missing_; }
  bool complete() const { return missing_ == 0; }

  // Only when complete.
  Digest digest() const;

 private:
  std::vector<PieceHash> hashes_;
  std::vector<bool> present_;
  std::uint64_t missing_;
};

}  // namespace kith
