#include "engine/transfer/manifest.h"

#include <algorithm>
#include <utility>

#include "engine/base/byte_writer.h"
#include "engine/base/check.h"
#include "engine/transfer/limits.h"
#include "engine/transfer/names.h"

namespace kith::transfer {

std::string_view counter_of(ManifestFault fault) {
  switch (fault) {
    case ManifestFault::none:
      return "transfer.manifest_none";
    case ManifestFault::bad_name:
      return "transfer.manifest_bad_name";
    case ManifestFault::bad_parent:
      return "transfer.manifest_bad_parent";
    case ManifestFault::out_of_order:
      return "transfer.manifest_out_of_order";
    case ManifestFault::bad_attributes:
      return "transfer.manifest_bad_attributes";
    case ManifestFault::too_many_entries:
      return "transfer.manifest_too_many_entries";
    case ManifestFault::too_deep:
      return "transfer.manifest_too_deep";
    case ManifestFault::path_too_long:
      return "transfer.manifest_path_too_long";
    case ManifestFault::too_large:
      return "transfer.manifest_too_large";
  }
  return "";
}

ErrorCode code_of(ManifestFault fault) {
  switch (fault) {
    case ManifestFault::too_many_entries:
    case ManifestFault::too_deep:
    case ManifestFault::path_too_long:
    case ManifestFault::too_large:
      return ErrorCode::limit_exceeded;
    default:
      return ErrorCode::corrupt;
  }
}

ManifestFault Manifest::add(ManifestEntry entry) {
  if (entries_.size() >= kMaxEntries) return ManifestFault::too_many_entries;
  if (check_name(entry.name)) return ManifestFault::bad_name;
  if (entry.mode > 0777 || (entry.directory && entry.size_bytes != 0)) {
    return ManifestFault::bad_attributes;
  }
  if (entry.size_bytes > kMaxTransferBytes - bytes_) return ManifestFault::too_large;

  std::size_t depth = 0;
  if (entry.parent != kNoParent) {
    const auto parent = std::find_if(open_.rbegin(), open_.rend(),
                                     [&](const auto& at) { return at.entry == entry.parent; });
    if (parent == open_.rend()) return ManifestFault::bad_parent;
    if (parent->last_child != kNoParent && entries_[parent->last_child].name >= entry.name) {
      return ManifestFault::out_of_order;
    }
    depth = static_cast<std::size_t>(open_.rend() - parent);
  }
  const std::size_t above = depth == 0 ? 0 : open_[depth - 1].path_bytes + 1;
  if (depth >= kMaxDepth) return ManifestFault::too_deep;
  if (above + entry.name.size() > kMaxPathBytes) return ManifestFault::path_too_long;

  const auto index = static_cast<std::uint32_t>(entries_.size());
  open_.resize(depth);
  if (depth == 0) {
    items_.push_back({.first = index, .end = index, .bytes = 0, .files = 0});
  } else {
    open_.back().last_child = index;
  }
  if (entry.directory) {
    open_.push_back({index, kNoParent, above + entry.name.size()});
  } else {
    ++files_;
    ++items_.back().files;
  }
  bytes_ += entry.size_bytes;
  items_.back().bytes += entry.size_bytes;
  items_.back().end = index + 1;
  entries_.push_back(std::move(entry));
  return ManifestFault::none;
}

std::uint32_t Manifest::item_of(std::uint32_t entry) const {
  KITH_CHECK(entry < entries_.size());
  const auto after =
      std::upper_bound(items_.begin(), items_.end(), entry,
                       [](std::uint32_t value, const auto& item) { return value < item.first; });
  return static_cast<std::uint32_t>(after - items_.begin() - 1);
}

std::string Manifest::path_below_item(std::uint32_t entry) const {
  std::vector<std::uint32_t> chain;
  for (auto at = entry; entries_[at].parent != kNoParent; at = entries_[at].parent) {
    chain.push_back(at);
  }
  std::string path;
  for (auto at = chain.rbegin(); at != chain.rend(); ++at) path = join(path, entries_[*at].name);
  return path;
}

std::string Manifest::path(std::uint32_t entry) const {
  return join(entries_[items_[item_of(entry)].first].name, path_below_item(entry));
}

std::vector<TransferItem> Manifest::summary() const {
  std::vector<TransferItem> summary;
  summary.reserve(items_.size());
  for (const auto& item : items_) {
    const auto& root = entries_[item.first];
    summary.push_back({root.name, root.directory, item.bytes, item.files});
  }
  return summary;
}

Digest item_digest(const Manifest& manifest, std::uint32_t item,
                   const std::vector<Digest>& digests) {
  const auto& range = manifest.items()[item];
  const auto& entries = manifest.entries();
  if (!entries[range.first].directory) return digests[range.first];
  Blake3Hasher hasher;
  for (auto index = range.first; index < range.end; ++index) {
    const std::string path = manifest.path_below_item(index);
    ByteWriter line;
    line.u8(entries[index].directory ? 1 : 0).u32(static_cast<std::uint32_t>(path.size()));
    line.bytes(as_byte_view(path));
    if (!entries[index].directory) line.u64(entries[index].size_bytes).bytes(digests[index].bytes);
    hasher.update(line.view());
  }
  return hasher.digest();
}

}  // namespace kith::transfer
