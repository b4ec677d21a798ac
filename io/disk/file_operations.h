#pragma once

// Carries out one file effect at a time, in the caller's thread and blocking it. Safe to use from
// several threads at once, also on one handle.

#include <atomic>
#include <map>
#include <memory>
#include <mutex>

#include "io/base/unique_fd.h"
#include "io/disk/resolver.h"
#include "kith/file.h"
#include "kith/result.h"

namespace kith::io {

struct DiskFeatures {
  Resolution resolution = Resolution::kernel;
  bool rename_without_replacing = true;  // renameat2 with RENAME_NOREPLACE
};

class FileOperations {
 public:
  explicit FileOperations(const DiskFeatures& features = {});

  Result<FileOutcome> run(const FileStat& effect);
  Result<FileOutcome> run(const FileList& effect);
  Result<FileOutcome> run(const FileOpen& effect);
  Result<FileOutcome> run(const FileRead& effect);
  Result<FileOutcome> run(const FileWrite& effect);
  Result<FileOutcome> run(const FileSync& effect);
  Result<FileOutcome> run(const FileSetAttributes& effect);
  Result<FileOutcome> run(const FileClose& effect);
  Result<FileOutcome> run(const FileRename& effect);
  Result<FileOutcome> run(const FileMakeDirectory& effect);
  Result<FileOutcome> run(const FileSetDirectoryAttributes& effect);
  Result<FileOutcome> run(const FileRemove& effect);
  Result<FileOutcome> run(const DirectorySync& effect);

 private:
  // Shared by the operations that run on it: the descriptor closes when the last of them ends, so
  // that none ever meets a number the system has given to another file.
  struct OpenFile {
    UniqueFd fd;
    std::string path;                             // for messages
    std::atomic<bool> attributes_changed{false};  // then fdatasync would not be enough
  };

  Result<std::shared_ptr<OpenFile>> find(FileHandle handle);
  Result<FileOutcome> rename_in_steps(const Resolver::Entry& from, const Resolver::Entry& to,
                                      const FilePath& to_path);

  Resolver resolver_;
  bool rename_without_replacing_;
  std::mutex mutex_;
  std::map<FileHandle, std::shared_ptr<OpenFile>> open_files_;
};

}  // namespace kith::io
