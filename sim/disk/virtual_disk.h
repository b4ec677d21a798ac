#pragma once

// A file system in memory that does what POSIX promises and no more.
//
// Durability, the rules a power loss (crash) follows:
//   data      What FileSync covered is there: the writes of that file completed before the sync was
//             issued. Of each 4 KiB page written later, the old or the new bytes are there; of the
//             size, the old or the new. The same sync covers a file's attributes: old or new.
//   names     What DirectorySync covered is there: names made, renamed or removed in that directory
//             by operations completed before the sync was issued. Later ones survive in order, up
//             to a point drawn for each directory. Syncing a file does not sync its name. A rename
//             between two directories happens in both or in neither, and is durable as soon as
//             either is synced, together with what was done in both before it. A directory is a
//             name in its parent, and what is in it is lost with it.
//   underway  An operation not completed has happened or has not, and is not synced.
// Worse disks, if a PowerLoss says so; nothing that was synced suffers:
//   torn         Of each page written later, each sector of 512 bytes is old or new by itself.
//   misdirected  A page written later came to lie in the place of another one written later.
// When only the process dies (kill), everything completed stays and open files are closed.
//
// A sync of a file that fails (as Linux has it; "fsyncgate", 2018) has written some pages and lost
// others, and the system takes all of them for written. Programs see the new bytes until the system
// drops the page, then the old ones: which of it is drawn for each file. A later sync that succeeds
// writes only what was written to the file after the failed one was issued: it promises nothing for
// a lost page. Only writing it again does. A sync of a directory that fails has done nothing.
//
// Bit rot flips a bit of what is durable. What programs wrote since the power came on they still
// see whole, for it is in memory; the rot shows after a power loss. What lay there before shows it
// at once. No sync heals it; writing those bytes anew does.
//
// Paths follow kith/file.h: symbolic links are followed in a base and never beneath it. An
// operation takes effect when it completes. It does not own: delays and the order of completions
// (device.h).

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/random.h"
#include "kith/file.h"
#include "kith/time.h"
#include "sim/disk/disk_faults.h"
#include "sim/disk/file_content.h"
#include "sim/disk/file_request.h"
#include "sim/world/probes.h"

namespace kith::sim {

struct DiskSpec {
  std::uint64_t capacity_bytes = 64ull << 30;  // of file data; names and attributes are free
  // Each operation takes a time drawn between these, and the time its bytes need.
  Duration latency_least = std::chrono::microseconds(20);
  Duration latency_most = std::chrono::microseconds(200);
  Duration sync_least = std::chrono::microseconds(500);  // FileSync and DirectorySync
  Duration sync_most = std::chrono::milliseconds(4);
  std::uint64_t bytes_per_second = 1'000'000'000;  // 0: unlimited
};

// How bad a power loss is for what was not synced: see above.
struct PowerLoss {
  bool torn_sectors = false;
  bool misdirected = false;
};

// How long an operation takes.
Duration draw_delay(const DiskSpec& spec, const FileRequest& request, RandomSource& random);

class VirtualDisk {
 public:
  // Which state of the disk a question is about.
  enum class View : std::uint8_t {
    latest,   // what programs see
    durable,  // what is sure to be there after a power loss
  };

  // `random` decides what failures do to data; `probes`, if any, hears of them and outlives the
  // disk.
  explicit VirtualDisk(const DiskSpec& spec = {},
                       RandomSource random = RandomSource(std::array<std::byte, 32>{}),
                       FaultProbes* probes = nullptr);
  ~VirtualDisk();
  VirtualDisk(const VirtualDisk&) = delete;
  VirtualDisk& operator=(const VirtualDisk&) = delete;

  const DiskSpec& spec() const { return spec_; }

  // An operation under way: what it was issued with, so that syncs cover what they should.
  class Operation;

  // An operation is issued, and later completes; both in any order among each other. `now` is
  // compared with the ends of faults.
  std::unique_ptr<Operation> begin(FileRequest request, Instant now = {});
  FileCompleted finish(const Operation& operation, std::int64_t unix_ns);

  // What fails from now on. A failed operation does nothing, but for a sync: see above.
  DiskFaults& faults() { return faults_; }
  // The nth operation begun from now on, 1 for the next, fails with `code`.
  void fail_operation(std::uint64_t nth, ErrorCode code) {
    faults_.fail_nth(DiskOperation::any, nth, code);
  }
  std::uint64_t operations_begun() const { return begun_; }

  // Power fails: see above. Operations under way must have been finished or dropped.
  void crash(RandomSource& random, const PowerLoss& loss = {});

  // Flips a drawn bit of what is durable of the file at `path`, or of a drawn file if that is
  // empty. Returns the path; nothing if there is no durable byte to flip.
  std::optional<std::string> rot(std::string_view path = "");
  // Whether what is in a file is not what was written to it, in that view.
  bool is_rotten(std::string_view path, View view = View::latest) const;
  // The process dies.
  void kill() { open_files_.clear(); }

  // For people and checkers, not for engines: at once, by absolute path. What is made is durable,
  // with the directories above it.
  void make_file(std::string_view path, ByteView content, std::uint32_t mode = 0644,
                 std::int64_t modified_ns = 0);
  void make_directory(std::string_view path, std::uint32_t mode = 0755,
                      std::int64_t modified_ns = 0);
  void make_symlink(std::string_view path, std::string target);

  std::optional<FileInfo> info(std::string_view path, View view = View::latest) const;
  std::optional<Bytes> content(std::string_view path, View view = View::latest) const;
  // Everything beneath a directory by relative path, in byte order.
  std::map<std::string, FileInfo> tree(std::string_view path, View view = View::latest) const;

  // Some path of the open file, the one it was opened by.
  std::optional<FilePath> path_of(FileHandle handle) const;

  std::uint64_t used_bytes() const { return used_bytes_; }

 private:
  struct Inode;
  using InodePtr = std::shared_ptr<Inode>;
  struct Attributes {
    std::uint32_t mode = 0;
    std::int64_t modified_ns = 0;
  };
  struct NameChange {
    InodePtr directory;
    std::string name;
    InodePtr inode;  // null: the name is removed
  };
  struct NameOperation {
    std::uint64_t sequence = 0;
    std::vector<NameChange> changes;
  };
  struct OpenFile {
    InodePtr inode;
    FilePath path;
    bool writable = false;
  };
  // Where a path leads: an entry of a directory, which need not exist.
  struct Place {
    InodePtr directory;  // null for the root
    std::string name;
    InodePtr inode;  // null if there is nothing
  };
  using Outcome = Result<FileOutcome>;

  Outcome run(const FileStat& request, const Operation& operation, std::int64_t unix_ns);
  Outcome run(const FileList& request, const Operation& operation, std::int64_t unix_ns);
  Outcome run(const FileOpen& request, const Operation& operation, std::int64_t unix_ns);
  Outcome run(const FileRead& request, const Operation& operation, std::int64_t unix_ns);
  Outcome run(const FileWrite& request, const Operation& operation, std::int64_t unix_ns);
  Outcome run(const FileSync& request, const Operation& operation, std::int64_t unix_ns);
  Outcome run(const FileSetAttributes& request, const Operation& operation, std::int64_t unix_ns);
  Outcome run(const FileClose& request, const Operation& operation, std::int64_t unix_ns);
  Outcome run(const FileRename& request, const Operation& operation, std::int64_t unix_ns);
  Outcome run(const FileMakeDirectory& request, const Operation& operation, std::int64_t unix_ns);
  Outcome run(const FileSetDirectoryAttributes& request, const Operation& operation,
              std::int64_t unix_ns);
  Outcome run(const FileRemove& request, const Operation& operation, std::int64_t unix_ns);
  Outcome run(const DirectorySync& request, const Operation& operation, std::int64_t unix_ns);

  // virtual_disk_paths.cc
  Result<Place> find(const FilePath& path) const;
  Result<InodePtr> find_directory(const FilePath& path) const;
  Result<InodePtr> walk_base(std::vector<std::string> components) const;
  Result<Place> find_absolute(std::string_view path) const;
  InodePtr lookup(std::string_view path, View view) const;
  InodePtr ensure_directory(std::string_view path);
  std::pair<InodePtr, std::string> ensure_parent(std::string_view path);
  static void collect(const Inode& directory, View view, const std::string& prefix,
                      std::map<std::string, FileInfo>& into);

  // virtual_disk_durability.cc
  void change_names(std::vector<NameChange> changes, std::int64_t unix_ns);
  void sync_names(const InodePtr& directory, std::uint64_t through);
  void settle(Inode& inode, RandomSource& random, const PowerLoss& loss);
  FileContent after_power_loss(Inode& inode, RandomSource& random, const PowerLoss& loss);
  void tear_sectors(FileContent& content, const Inode& inode,
                    const std::vector<std::uint64_t>& pages, RandomSource& random);
  void misdirect(FileContent& content, const Inode& inode, const std::vector<std::uint64_t>& pages,
                 RandomSource& random);

  // virtual_disk_damage.cc
  void fail_sync(const Operation& operation);
  static FileContent synced_content(const Inode& inode, const Operation& operation);
  static void note_written(Inode& inode, std::uint64_t from, std::uint64_t to);
  static void forget_cached(Inode& inode);
  static void collect_rottable(const Inode& directory, const std::string& prefix,
                               std::vector<std::string>& into);
  void count(Probe probe, std::uint64_t times = 1) {
    if (probes_ != nullptr) probes_->fire(probe, times);
  }

  static FileInfo info_of(const Inode& inode, View view);
  static bool is_beneath(const Inode& directory, const Inode& wanted);

  DiskSpec spec_;
  InodePtr root_;
  std::map<FileHandle, OpenFile> open_files_;
  std::vector<NameOperation> unsynced_names_;  // in the order they happened
  std::uint64_t name_sequence_ = 0;
  std::uint64_t used_bytes_ = 0;
  std::uint64_t begun_ = 0;
  DiskFaults faults_;
  RandomSource random_;
  FaultProbes* probes_;
};

// The state a name can have; see the head of this file.
struct VirtualDisk::Inode {
  FileType type = FileType::regular;
  Attributes latest;
  Attributes durable;
  // Regular files. Versions count writes and changes of attributes.
  FileContent content;
  FileContent durable_content;
  std::uint64_t version = 0;
  std::uint64_t durable_version = 0;
  bool written = false;                  // since the power came on
  std::set<std::uint64_t> lost_pages;    // offsets; a sync failed, and nobody wrote them again
  std::map<std::uint64_t, bool> rotten;  // bits of what is durable that flipped; seen by programs?
  // Directories.
  std::map<std::string, InodePtr> entries;
  std::map<std::string, InodePtr> durable_entries;
  // Symbolic links.
  std::string target;
};

class VirtualDisk::Operation {
 public:
  explicit Operation(FileRequest wanted) : request(std::move(wanted)) {}

  const FileRequest request;

 private:
  friend class VirtualDisk;
  std::optional<ErrorCode> fault;
  bool disk_full = false;
  // What a sync covers.
  InodePtr file;
  FileContent content;
  std::set<std::uint64_t> lost_pages;
  Attributes attributes;
  std::uint64_t version = 0;
  std::uint64_t names_through = 0;
};

}  // namespace kith::sim
