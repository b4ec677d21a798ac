#pragma once

// Control messages between their frames and plain structs. Whatever a stranger sends either parses
// into a struct that is well-formed in itself or is a CodecFault; whether it fits the state of the
// conversation, and whether names and sizes are acceptable, is decided elsewhere.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/crypto/blake3.h"
#include "engine/transfer/manifest.h"
#include "kith/bytes.h"
#include "kith/ids.h"
#include "kith/result.h"

namespace kith::transfer {

struct Offer {
  TransferId transfer;
  std::vector<std::string> destination;
  std::uint32_t entries = 0;
  std::uint32_t files = 0;
  std::uint64_t bytes = 0;
  std::uint64_t skipped = 0;
  friend bool operator==(const Offer&, const Offer&) = default;
};
struct ManifestPart {
  std::vector<ManifestEntry> entries;  // not empty
  friend bool operator==(const ManifestPart&, const ManifestPart&) = default;
};
struct FileHash {
  std::uint32_t entry = 0;
  Digest digest;
  friend bool operator==(const FileHash&, const FileHash&) = default;
};
struct FileHashes {
  std::vector<FileHash> hashes;  // not empty
  friend bool operator==(const FileHashes&, const FileHashes&) = default;
};
struct FileFailed {
  std::uint32_t entry = 0;
  ErrorCode code = ErrorCode::internal;
  friend bool operator==(const FileFailed&, const FileFailed&) = default;
};
struct Accept {
  std::vector<bool> refused_items;  // empty: none is refused; may be longer than the items
  friend bool operator==(const Accept&, const Accept&) = default;
};
struct Decline {
  ErrorCode code = ErrorCode::refused;
  friend bool operator==(const Decline&, const Decline&) = default;
};
struct Written {
  std::uint64_t bytes = 0;
  friend bool operator==(const Written&, const Written&) = default;
};
struct ItemDone {
  std::uint32_t item = 0;
  friend bool operator==(const ItemDone&, const ItemDone&) = default;
};
struct Done {
  friend bool operator==(const Done&, const Done&) = default;
};
struct Abort {
  ErrorCode code = ErrorCode::internal;
  friend bool operator==(const Abort&, const Abort&) = default;
};

using Message = std::variant<Offer, ManifestPart, FileHashes, FileFailed, Accept, Decline, Written,
                             ItemDone, Done, Abort>;

enum class CodecFault : std::uint8_t { not_a_message, bad_field };

Result<Message, CodecFault> parse_message(ByteView frame);

// A frame with its length in front.
Bytes make_message(const Message& message);

// About what an entry takes in a manifest part.
std::size_t encoded_size(const ManifestEntry& entry);

// The number that stands for a code in messages and as the code of a stream reset. Codes that say
// nothing to the other side travel as internal.
std::uint8_t wire_code(ErrorCode code);
// Numbers that are not known read as internal.
ErrorCode code_from_wire(std::uint64_t number);

}  // namespace kith::transfer
