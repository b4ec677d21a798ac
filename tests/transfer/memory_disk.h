#pragma once

// A disk in memory for the tests of transfers: the semantics of kith/file.h, owner permissions, a
// limit on space, and what is not yet durable. Operations are carried out at once; when their
// completions are delivered is the caller's affair.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "kith/file.h"
#include "kith/output.h"

namespace kith::transfer {

class MemoryDisk {
 public:
  struct Node {
    FileInfo info;
    Bytes content;
    std::uint64_t changes = 0;
    std::uint64_t durable_changes = 0;
  };

  MemoryDisk() { add_directory("/"); }

  // Absolute paths; parents must be there.
  void add_directory(const std::string& path, std::uint32_t mode = 0755);
  void add_file(const std::string& path, Bytes content, std::uint32_t mode = 0644);
  void add_symlink(const std::string& path);
  Node& at(const std::string& path) { return nodes_.at(path); }
  bool has(const std::string& path) const { return nodes_.count(path) > 0; }
  std::vector<std::string> paths_below(const std::string& directory) const;

  // The tree at a path: relative path to type, content, mode and time.
  struct Shape {
    FileType type = FileType::regular;
    Bytes content;
    std::uint32_t mode = 0;
    std::int64_t modified_ns = 0;
    friend bool operator==(const Shape&, const Shape&) = default;
  };
  std::map<std::string, Shape> tree(const std::string& path) const;

  // Everything at and below a path, and its name, would survive a crash.
  bool durable(const std::string& path) const;
  std::size_t open_handles() const { return handles_.size(); }

  void set_space(std::uint64_t bytes) { space_left_ = bytes; }

  // A sync covers what was complete when it was asked for, so the caller says when that is.
  template <class Request>
  void issued(const Request&) {}
  void issued(const FileSync& request);
  void issued(const DirectorySync& request);

  Result<FileOutcome> run(const FileStat& request);
  Result<FileOutcome> run(const FileList& request);
  Result<FileOutcome> run(const FileOpen& request);
  Result<FileOutcome> run(const FileRead& request);
  Result<FileOutcome> run(const FileWrite& request);
  Result<FileOutcome> run(const FileSync& request);
  Result<FileOutcome> run(const FileSetAttributes& request);
  Result<FileOutcome> run(const FileClose& request);
  Result<FileOutcome> run(const FileRename& request);
  Result<FileOutcome> run(const FileMakeDirectory& request);
  Result<FileOutcome> run(const FileSetDirectoryAttributes& request);
  Result<FileOutcome> run(const FileRemove& request);
  Result<FileOutcome> run(const DirectorySync& request);

 private:
  Result<std::string> resolve(const FilePath& path) const;
  // As resolve(), for a name that is about to appear or vanish.
  Result<std::string> resolve_to_change(const FilePath& path) const;
  void touch_parent(const std::string& path);

  std::map<std::string, Node> nodes_;
  std::map<FileHandle, std::string> handles_;
  std::set<std::string> unsynced_names_;
  std::map<FileOpId, std::uint64_t> file_syncs_;               // changes when it was issued
  std::map<FileOpId, std::set<std::string>> directory_syncs_;  // names when it was issued
  std::int64_t clock_ns_ = 1'000'000'000;
  std::uint64_t space_left_ = std::uint64_t{1} << 40;
};

}  // namespace kith::transfer
