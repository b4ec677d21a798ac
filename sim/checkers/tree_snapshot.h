#pragma once

// What lies at a path of a virtual disk, to compare with what should.

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "engine/crypto/blake3.h"
#include "sim/disk/virtual_disk.h"

namespace kith::sim {

struct SnapshotEntry {
  FileInfo info;
  Digest digest;        // of a regular file's content
  bool rotten = false;  // the disk altered it by itself
  friend bool operator==(const SnapshotEntry&, const SnapshotEntry&) = default;
};

// By path relative to what was asked for, which itself is "". Links and special files are left out,
// because no transfer carries them.
using TreeSnapshot = std::map<std::string, SnapshotEntry>;

// Empty if there is nothing.
TreeSnapshot snapshot(const VirtualDisk& disk, std::string_view path,
                      VirtualDisk::View view = VirtualDisk::View::latest);

// The first difference in names, types and contents, as a clause; with `attributes` also in
// permissions and times. Nothing if there is none. The content of what rotted is not compared: no
// engine can answer for it.
std::optional<std::string> difference(const TreeSnapshot& wanted, const TreeSnapshot& found,
                                      bool attributes);

}  // namespace kith::sim
