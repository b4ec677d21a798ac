// What lasts: names that were synced, and what a power loss makes of the rest.

#include <algorithm>
#include <utility>

#include "sim/disk/virtual_disk.h"

namespace kith::sim {

void VirtualDisk::change_names(std::vector<NameChange> changes, std::int64_t unix_ns) {
  for (const NameChange& change : changes) {
    if (change.inode) {
      change.directory->entries[change.name] = change.inode;
    } else {
      change.directory->entries.erase(change.name);
    }
    change.directory->latest.modified_ns = unix_ns;
  }
  unsynced_names_.push_back({++name_sequence_, std::move(changes)});
}

// A durable rename between directories takes with it what was done in both before: so the walk
// goes backwards, and the set of directories grows on the way.
void VirtualDisk::sync_names(const InodePtr& directory, std::uint64_t through) {
  std::vector<const Inode*> synced{directory.get()};
  const auto is_synced = [&synced](const NameChange& change) {
    return std::find(synced.begin(), synced.end(), change.directory.get()) != synced.end();
  };
  std::vector<NameOperation> durable;
  std::vector<NameOperation> rest;
  while (!unsynced_names_.empty()) {
    NameOperation operation = std::move(unsynced_names_.back());
    unsynced_names_.pop_back();
    const bool covered = operation.sequence <= through &&
                         std::any_of(operation.changes.begin(), operation.changes.end(), is_synced);
    if (covered) {
      for (const NameChange& change : operation.changes) {
        if (!is_synced(change)) synced.push_back(change.directory.get());
      }
    }
    (covered ? durable : rest).push_back(std::move(operation));
  }
  std::for_each(durable.rbegin(), durable.rend(), [](const NameOperation& operation) {
    for (const NameChange& change : operation.changes) {
      if (change.inode) {
        change.directory->durable_entries[change.name] = change.inode;
      } else {
        change.directory->durable_entries.erase(change.name);
      }
    }
  });
  unsynced_names_.assign(std::make_move_iterator(rest.rbegin()),
                         std::make_move_iterator(rest.rend()));
}

void VirtualDisk::crash(RandomSource& random, const PowerLoss& loss) {
  open_files_.clear();
  // Once an operation of a directory is lost, so is every later one of that directory.
  std::vector<const Inode*> cut;
  for (const NameOperation& operation : unsynced_names_) {
    const bool after_cut = std::any_of(
        operation.changes.begin(), operation.changes.end(), [&cut](const NameChange& change) {
          return std::find(cut.begin(), cut.end(), change.directory.get()) != cut.end();
        });
    const bool survives = random.chance(1, 2) && !after_cut;
    if (!survives) count(Probe::lost_name);
    for (const NameChange& change : operation.changes) {
      if (!survives) {
        cut.push_back(change.directory.get());
      } else if (change.inode) {
        change.directory->durable_entries[change.name] = change.inode;
      } else {
        change.directory->durable_entries.erase(change.name);
      }
    }
  }
  unsynced_names_.clear();
  used_bytes_ = 0;
  settle(*root_, random, loss);
}

// What is durable becomes what programs see.
void VirtualDisk::settle(Inode& inode, RandomSource& random, const PowerLoss& loss) {
  inode.latest = random.chance(1, 2) ? inode.latest : inode.durable;
  inode.durable = inode.latest;
  if (inode.type == FileType::regular) {
    inode.content = after_power_loss(inode, random, loss);
    inode.durable_content = inode.content;
    inode.durable_version = inode.version;
    used_bytes_ += inode.content.size();
  }
  inode.entries = inode.durable_entries;
  for (const auto& [name, child] : inode.entries) settle(*child, random, loss);
}

FileContent VirtualDisk::after_power_loss(Inode& inode, RandomSource& random,
                                          const PowerLoss& loss) {
  forget_cached(inode);
  FileContent left = FileContent::torn(inode.durable_content, inode.content, random);
  if (!FileContent::different_pages(left, inode.content).empty()) count(Probe::lost_write);
  if (!loss.torn_sectors && !loss.misdirected) return left;
  const std::vector<std::uint64_t> pages =
      FileContent::different_pages(inode.durable_content, inode.content);
  if (loss.torn_sectors) tear_sectors(left, inode, pages, random);
  if (loss.misdirected) misdirect(left, inode, pages, random);
  return left;
}

void VirtualDisk::tear_sectors(FileContent& content, const Inode& inode,
                               const std::vector<std::uint64_t>& pages, RandomSource& random) {
  for (const std::uint64_t page : pages) {
    const std::uint64_t end = std::min(page + FileContent::kPageBytes, content.size());
    bool some_old = false;
    bool some_new = false;
    for (std::uint64_t at = page; at < end; at += FileContent::kSectorBytes) {
      const auto length =
          static_cast<std::size_t>(std::min<std::uint64_t>(FileContent::kSectorBytes, end - at));
      const bool fresh = random.chance(1, 2);
      Bytes sector = (fresh ? inode.content : inode.durable_content).read(at, length);
      sector.resize(length);
      content.write(at, sector);
      (fresh ? some_new : some_old) = true;
    }
    if (some_old && some_new) count(Probe::torn_write);
  }
}

void VirtualDisk::misdirect(FileContent& content, const Inode& inode,
                            const std::vector<std::uint64_t>& pages, RandomSource& random) {
  if (!random.chance(1, 2) || pages.size() < 2) return;
  const auto from = static_cast<std::size_t>(random.below(pages.size()));
  const auto to = static_cast<std::size_t>(random.below(pages.size() - 1));
  const std::uint64_t source = pages[from];
  const std::uint64_t target = pages[to < from ? to : to + 1];
  if (target >= content.size()) return;
  Bytes bytes = inode.content.read(source, FileContent::kPageBytes);
  bytes.resize(static_cast<std::size_t>(
      std::min<std::uint64_t>(FileContent::kPageBytes, content.size() - target)));
  content.write(target, bytes);
  content.copy_page(inode.durable_content, source);
  count(Probe::misdirected_write);
}

}  // namespace kith::sim
