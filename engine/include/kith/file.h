#pragma once

// File effects: what the engine asks of a disk, and what comes back. Each request carries an id;
// its completion is an input. Requests are unordered among themselves: the engine waits for a
// completion where order matters. The real and the simulated disk pass one conformance suite.

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "kith/bytes.h"
#include "kith/ids.h"
#include "kith/result.h"

namespace kith {

// `base` is a trusted absolute path chosen on this device. `relative` may come from a stranger: it
// is resolved strictly beneath `base`, and no symbolic link in it is ever followed; a path that
// would leave `base` completes with permission_denied. Empty `relative` names `base` itself.
// Both are bytes, not necessarily UTF-8.
struct FilePath {
  std::string base;
  std::string relative;
  friend auto operator<=>(const FilePath&, const FilePath&) = default;
};

// What a name stands for.
enum class FileType : std::uint8_t { regular, directory, symlink, other };

// What a disk knows of a file besides its name and content.
struct FileInfo {
  FileType type = FileType::regular;
  std::uint64_t size_bytes = 0;
  std::uint32_t mode = 0;        // permission bits, 0 to 07777
  std::int64_t modified_ns = 0;  // since the Unix epoch
  friend auto operator<=>(const FileInfo&, const FileInfo&) = default;
};

struct FileStat {  // -> FileInfo; does not follow a symbolic link at the end of the path
  FileOpId op;
  FilePath path;
};
struct FileList {  // -> FileListing, sorted by name in byte order, without "." and ".."
  FileOpId op;
  FilePath path;
};
struct FileOpen {  // -> FileInfo of the opened file; only regular files open
  // Whether the file exists and may be written.
  enum class Mode : std::uint8_t {
    read,
    create,  // read and write, created with mode 0600; already_exists if present
    update,  // read and write an existing file
  };
  FileOpId op;
  FileHandle handle;
  FilePath path;
  Mode mode = Mode::read;
};
struct FileRead {  // -> SharedBytes, shorter than asked only at the end of the file
  FileOpId op;
  FileHandle handle;
  std::uint64_t offset = 0;
  std::uint32_t length = 0;
};
struct FileWrite {  // -> FileDone; all of `data` or an error
  FileOpId op;
  FileHandle handle;
  std::uint64_t offset = 0;
  SharedBytes data;
};
struct FileSync {  // -> FileDone; makes writes of this handle completed before it was issued
                   // durable
  FileOpId op;
  FileHandle handle;
};
struct FileSetAttributes {  // -> FileDone; on an open handle, made durable by the next FileSync
  FileOpId op;
  FileHandle handle;
  std::uint32_t mode = 0;
  std::int64_t modified_ns = 0;
};
struct FileClose {  // -> FileDone
  FileOpId op;
  FileHandle handle;
};
struct FileRename {  // -> FileDone; already_exists if `to` is present, which is left untouched
  FileOpId op;
  FilePath from;
  FilePath to;
};
struct FileMakeDirectory {  // -> FileDone; already_exists if anything is present
  FileOpId op;
  FilePath path;
};
struct FileSetDirectoryAttributes {  // -> FileDone
  FileOpId op;
  FilePath path;
  std::uint32_t mode = 0;
  std::int64_t modified_ns = 0;
};
struct FileRemove {  // -> FileDone; a regular file or an empty directory
  FileOpId op;
  FilePath path;
};
struct DirectorySync {  // -> FileDone; makes names created, renamed or removed in it durable
  FileOpId op;
  FilePath path;
};

// A name in a directory.
struct FileEntry {
  std::string name;  // bytes
  FileInfo info;
  friend auto operator<=>(const FileEntry&, const FileEntry&) = default;
};
// The answer to FileList.
using FileListing = std::vector<FileEntry>;
// The answer to what gives nothing back.
struct FileDone {
  friend auto operator<=>(const FileDone&, const FileDone&) = default;
};

// What an effect gives, by its kind.
using FileOutcome = std::variant<FileDone, FileInfo, FileListing, SharedBytes>;

// Error codes: not_found, already_exists, permission_denied, no_space, io_error, limit_exceeded.
struct FileCompleted {
  FileOpId op;
  Result<FileOutcome> outcome;
};

}  // namespace kith
