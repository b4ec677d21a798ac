#pragma once

// What a transfer consists of: every file and directory, in one canonical order.
//
//   item 0   photos/            entry 0   parent none
//              a/               entry 1   parent 0
//                1.jpg          entry 2   parent 1
//              b.jpg            entry 3   parent 0
//   item 1   notes.txt          entry 4   parent none
//
// Depth first, directories before what they hold, siblings by name in byte order and never twice.
// An entry names its parent by index, so a file that is a directory to others, or one path that
// appears twice, cannot be written down. Items stand in the order a person named them and may
// share a name.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/crypto/blake3.h"
#include "kith/event.h"
#include "kith/result.h"

namespace kith::transfer {

inline constexpr std::uint32_t kNoParent = 0xffffffff;

struct ManifestEntry {
  std::uint32_t parent = kNoParent;
  bool directory = false;
  std::uint16_t mode = 0;  // permission bits, at most 0777
  std::string name;
  std::uint64_t size_bytes = 0;  // 0 for a directory
  std::int64_t modified_ns = 0;

  friend bool operator==(const ManifestEntry&, const ManifestEntry&) = default;
};

// Entries [first, end) of the manifest; `first` is what the person named.
struct ManifestItem {
  std::uint32_t first = 0;
  std::uint32_t end = 0;
  std::uint64_t bytes = 0;
  std::uint32_t files = 0;
};

enum class ManifestFault : std::uint8_t {
  none,
  bad_name,
  bad_parent,      // none of the directories that are still open
  out_of_order,    // siblings not strictly ascending: this is also what a duplicate is
  bad_attributes,  // a directory with a size, or a mode above 0777
  too_many_entries,
  too_deep,
  path_too_long,
  too_large,
};
// The name under which it is counted.
std::string_view counter_of(ManifestFault fault);
// limit_exceeded or corrupt.
ErrorCode code_of(ManifestFault fault);

class Manifest {
 public:
  // Adds the next entry, or says why it cannot follow; the manifest is then as it was.
  ManifestFault add(ManifestEntry entry);

  const std::vector<ManifestEntry>& entries() const { return entries_; }
  const std::vector<ManifestItem>& items() const { return items_; }
  std::uint64_t bytes() const { return bytes_; }
  std::uint32_t files() const { return files_; }

  // The item an entry belongs to.
  std::uint32_t item_of(std::uint32_t entry) const;

  // Path of an entry below its item: "" for the item itself, else "a/1.jpg".
  std::string path_below_item(std::uint32_t entry) const;
  // The same with the item's own name in front.
  std::string path(std::uint32_t entry) const;

  std::vector<TransferItem> summary() const;

 private:
  struct OpenDirectory {
    std::uint32_t entry = 0;
    std::uint32_t last_child = kNoParent;
    std::size_t path_bytes = 0;
  };

  std::vector<ManifestEntry> entries_;
  std::vector<ManifestItem> items_;
  std::vector<OpenDirectory> open_;  // from the item down to the last directory added
  std::uint64_t bytes_ = 0;
  std::uint32_t files_ = 0;
};

// BLAKE3 of an item in canonical form (schemas/transfer.md), for a file simply its own digest.
// `digests` holds the digest of every file, by entry.
Digest item_digest(const Manifest& manifest, std::uint32_t item,
                   const std::vector<Digest>& digests);

}  // namespace kith::transfer
