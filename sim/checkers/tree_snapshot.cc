#include "sim/checkers/tree_snapshot.h"

#include <fmt/core.h>

#include "engine/base/text.h"

namespace kith::sim {
namespace {

std::optional<std::string> entry_difference(const SnapshotEntry& wanted, const SnapshotEntry& found,
                                            bool attributes) {
  if (wanted.info.type != found.info.type) return "is of another type";
  if (wanted.info.type == FileType::regular) {
    if (wanted.info.size_bytes != found.info.size_bytes) {
      return fmt::format("has {} bytes instead of {}", found.info.size_bytes,
                         wanted.info.size_bytes);
    }
    const bool rotten = wanted.rotten || found.rotten;
    if (wanted.digest != found.digest && !rotten) return "has other content";
  }
  if (!attributes) return std::nullopt;
  if (wanted.info.mode != found.info.mode) {
    return fmt::format("has mode {:o} instead of {:o}", found.info.mode, wanted.info.mode);
  }
  if (wanted.info.modified_ns != found.info.modified_ns) return "has another time";
  return std::nullopt;
}

void add(TreeSnapshot& into, const VirtualDisk& disk, std::string_view root,
         const std::string& relative, const FileInfo& info, VirtualDisk::View view) {
  if (info.type != FileType::regular && info.type != FileType::directory) return;
  SnapshotEntry entry{info, {}, false};
  if (info.type == FileType::regular) {
    const std::string path =
        relative.empty() ? std::string(root) : std::string(root) + "/" + relative;
    if (const auto content = disk.content(path, view)) entry.digest = blake3(*content);
    entry.rotten = disk.is_rotten(path, view);
  }
  into.emplace(relative, entry);
}

}  // namespace

TreeSnapshot snapshot(const VirtualDisk& disk, std::string_view path, VirtualDisk::View view) {
  TreeSnapshot result;
  const auto root = disk.info(path, view);
  if (!root) return result;
  add(result, disk, path, "", *root, view);
  for (const auto& [relative, info] : disk.tree(path, view)) {
    add(result, disk, path, relative, info, view);
  }
  return result;
}

std::optional<std::string> difference(const TreeSnapshot& wanted, const TreeSnapshot& found,
                                      bool attributes) {
  for (const auto& [path, entry] : wanted) {
    const std::string shown = path.empty() ? "it" : printable(path);
    const auto other = found.find(path);
    if (other == found.end()) return fmt::format("{} is missing", shown);
    if (const auto what = entry_difference(entry, other->second, attributes)) {
      return fmt::format("{} {}", shown, *what);
    }
  }
  for (const auto& [path, entry] : found) {
    if (!wanted.contains(path)) return fmt::format("{} was never sent", printable(path));
  }
  return std::nullopt;
}

}  // namespace kith::sim
