#pragma once

// Every limit of kith/transfer/1. Reaching one ends a transfer with limit_exceeded (or makes it
// wait, where that is said), never a crash and never silence.

#include <cstddef>
#include <cstdint>

#include "engine/crypto/blake3.h"
#include "kith/time.h"

namespace kith::transfer {

// A chunk is at most one piece of a file, which is one subtree of its BLAKE3.
inline constexpr std::size_t kChunkBytes = kPieceBytes;
// 256 files of 4 KiB fill a chunk; more pieces would let one chunk cost too many file effects.
inline constexpr std::size_t kMaxPiecesPerChunk = 256;

// Streams that carry the chunks of one transfer: a lost packet holds up one of them only.
inline constexpr std::size_t kDataStreams = 4;

// Transfers that receive data on one connection at a time; more wait with their Accept. A stream
// holds at most one incomplete chunk, so 3 x kDataStreams x 1 MiB stays below the connection
// window of 16 MiB, and an incomplete chunk can always be completed.
inline constexpr std::size_t kMaxActivePerConnection = 3;
// Incoming transfers of one connection, waiting ones included.
inline constexpr std::size_t kMaxIncomingPerConnection = 32;
inline constexpr std::size_t kMaxOutgoing = 256;
// Streams whose first bytes have not yet said which transfer they belong to, per connection.
inline constexpr std::size_t kMaxUnclaimedStreams = 64;

// A receiver holds every entry in memory, about 150 bytes each, so a million are 150 MB.
inline constexpr std::size_t kMaxEntries = 1'000'000;
inline constexpr std::size_t kMaxDepth = 128;
// What Linux, macOS and Windows agree on for one name.
inline constexpr std::size_t kMaxNameBytes = 255;
// Below a named item and for the destination. Together with the staging directory's name both stay
// below the 4,096 bytes that Linux takes for a path.
inline constexpr std::size_t kMaxPathBytes = 3'072;
inline constexpr std::size_t kMaxDestinationBytes = 768;
// 16 TiB: the receiver keeps one bit for each chunk, 2 MiB here.
inline constexpr std::uint64_t kMaxTransferBytes = std::uint64_t{1} << 44;

// A manifest part is closed when it holds this much; the frame's limit leaves room for its last
// entry and for the bitmap of a million items.
inline constexpr std::size_t kManifestPartBytes = 256 * 1024;
inline constexpr std::size_t kMaxFrameBytes = 512 * 1024;
// More cannot be whole entries within kManifestPartBytes; a FlatBuffer could repeat one for ever.
inline constexpr std::size_t kMaxEntriesPerPart = 4'096;
// 36 bytes each.
inline constexpr std::size_t kMaxHashesPerFrame = 4'096;

// File effects one transfer keeps in flight before it starts another file: enough to keep a disk
// pool busy, few enough for the usual limit of 1,024 open files.
inline constexpr std::size_t kMaxFileOps = 64;
// Files of more than one piece that a sender may have the receiver keep open. In order, no more
// than the chunks in flight can be open: 16 fit the connection window.
inline constexpr std::size_t kMaxOpenLargeFiles = 64;
// Chunks that are being read, wait for a stream or are being hashed.
inline constexpr std::size_t kReadAheadChunks = 8;

// A person who does not answer is taken for a no, so that an offer does not wait for ever.
inline constexpr Duration kDecisionTimeout = std::chrono::minutes(10);

// The receiver says how much it has written after this much, and at least with every report.
inline constexpr std::uint64_t kWrittenInterval = 1 << 20;

// "name (2)" to "name (1000)"; then the transfer fails with already_exists.
inline constexpr unsigned kMaxNameAttempts = 1'000;

}  // namespace kith::transfer
