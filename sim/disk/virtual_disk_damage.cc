// What a disk does to data by itself: syncs that fail and bits that rot.

#include <algorithm>
#include <iterator>
#include <utility>

#include "sim/disk/virtual_disk.h"

namespace kith::sim {
namespace {

std::uint64_t page_of(std::uint64_t offset) {
  return offset / FileContent::kPageBytes * FileContent::kPageBytes;
}

}  // namespace

void VirtualDisk::fail_sync(const Operation& operation) {
  Inode& inode = *operation.file;
  if (operation.version <= inode.durable_version) return;  // it had nothing to write
  const FileContent& issued = operation.content;
  const std::vector<std::uint64_t> pages =
      FileContent::different_pages(inode.durable_content, issued);
  const bool grows = random_.chance(1, 2) && issued.size() > inode.durable_content.size();
  if (grows) inode.durable_content.resize(issued.size());
  const bool dropped = random_.chance(1, 2);
  for (const std::uint64_t page : pages) {
    const std::uint64_t end = std::min(page + FileContent::kPageBytes, issued.size());
    if (random_.chance(1, 2) && end <= inode.durable_content.size()) {
      inode.durable_content.copy_page(issued, page);
      continue;
    }
    const bool written_since = inode.content.read(page, FileContent::kPageBytes) !=
                               issued.read(page, FileContent::kPageBytes);
    if (written_since) continue;
    inode.lost_pages.insert(page);
    if (dropped) inode.content.copy_page(inode.durable_content, page);
    count(Probe::lost_page);
  }
}

// What was lost stays as the disk has it, and so do rotten bytes.
FileContent VirtualDisk::synced_content(const Inode& inode, const Operation& operation) {
  FileContent synced = operation.content;
  for (const auto* lost : {&operation.lost_pages, &inode.lost_pages}) {
    for (const std::uint64_t page : *lost) synced.copy_page(inode.durable_content, page);
  }
  for (const auto& [bit, shown] : inode.rotten) {
    synced.write(bit / 8, inode.durable_content.read(bit / 8, 1));
  }
  return synced;
}

void VirtualDisk::note_written(Inode& inode, std::uint64_t from, std::uint64_t to) {
  inode.written = true;
  inode.lost_pages.erase(inode.lost_pages.lower_bound(page_of(from)),
                         inode.lost_pages.lower_bound(to));
  inode.rotten.erase(inode.rotten.lower_bound(from * 8), inode.rotten.lower_bound(to * 8));
}

// Without power nothing hides what the disk really has.
void VirtualDisk::forget_cached(Inode& inode) {
  for (const std::uint64_t page : inode.lost_pages) {
    inode.content.copy_page(inode.durable_content, page);
  }
  inode.lost_pages.clear();
  for (auto& [bit, shown] : inode.rotten) {
    if (!std::exchange(shown, true)) inode.content.flip_bit(bit);
  }
  inode.written = false;
}

void VirtualDisk::collect_rottable(const Inode& directory, const std::string& prefix,
                                   std::vector<std::string>& into) {
  for (const auto& [name, inode] : directory.entries) {
    const std::string path = prefix + "/" + name;
    if (inode->type == FileType::directory) collect_rottable(*inode, path, into);
    if (inode->durable_content.size() > 0) into.push_back(path);
  }
}

std::optional<std::string> VirtualDisk::rot(std::string_view path) {
  std::string chosen(path);
  if (path.empty()) {
    std::vector<std::string> files;
    collect_rottable(*root_, "", files);
    if (files.empty()) return std::nullopt;
    chosen = files[static_cast<std::size_t>(random_.below(files.size()))];
  }
  const InodePtr inode = lookup(chosen, View::latest);
  if (!inode || inode->durable_content.size() == 0) return std::nullopt;
  const std::uint64_t bit = random_.below(inode->durable_content.size() * 8);
  inode->durable_content.flip_bit(bit);
  const auto [found, fresh] = inode->rotten.emplace(bit, !inode->written);
  if (found->second) inode->content.flip_bit(bit);
  if (!fresh) inode->rotten.erase(found);  // it is again what it was
  count(Probe::bit_rot);
  return chosen;
}

bool VirtualDisk::is_rotten(std::string_view path, View view) const {
  const InodePtr inode = lookup(path, view);
  if (!inode) return false;
  return std::any_of(inode->rotten.begin(), inode->rotten.end(),
                     [view](const auto& bit) { return view == View::durable || bit.second; });
}

}  // namespace kith::sim
