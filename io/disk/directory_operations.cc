#include <dirent.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "engine/base/text.h"
#include "io/base/system_error.h"
#include "io/disk/file_attributes.h"
#include "io/disk/file_operations.h"

namespace kith::io {
namespace {

// A listing is held in memory whole: this many entries are some 100 MB.
constexpr std::size_t kMaxListedEntries = 1'000'000;

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};
using Directory = std::unique_ptr<DIR, CloseDirectory>;

bool is_dot(const char* name) {
  return std::strcmp(name, ".") == 0 || std::strcmp(name, "..") == 0;
}

// File systems without RENAME_NOREPLACE say EINVAL, old kernels ENOSYS.
bool lacks_no_replace(int error_number) {
  return error_number == EINVAL || error_number == ENOSYS || error_number == EOPNOTSUPP;
}

}  // namespace

Result<FileOutcome> FileOperations::run(const FileStat& effect) {
  const auto entry = resolver_.find(effect.path, "look at");
  if (!entry) return tl::unexpected(entry.error());
  struct stat info;
  if (::fstatat(entry->directory.get(), entry->name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
    return system_failure(errno, "look at", full_path(effect.path));
  }
  return file_info_of(info);
}

Result<FileOutcome> FileOperations::run(const FileList& effect) {
  auto fd = resolver_.open_directory(effect.path, O_RDONLY, "list");
  if (!fd) return tl::unexpected(fd.error());
  const Directory directory(::fdopendir(fd->get()));
  if (!directory) return system_failure(errno, "list", full_path(effect.path));
  fd->release();

  FileListing listing;
  while (true) {
    errno = 0;
    const dirent* entry = ::readdir(directory.get());
    if (entry == nullptr && errno != 0)
      return system_failure(errno, "list", full_path(effect.path));
    if (entry == nullptr) break;
    if (is_dot(entry->d_name)) continue;
    struct stat info;
    if (::fstatat(::dirfd(directory.get()), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno == ENOENT) continue;  // removed since it was read
      return system_failure(errno, "list", full_path(effect.path));
    }
    if (listing.size() == kMaxListedEntries) {
      return failure(ErrorCode::limit_exceeded,
                     fmt::format("Cannot list {}: it holds more than {} entries.",
                                 printable(full_path(effect.path)), kMaxListedEntries));
    }
    listing.push_back({entry->d_name, file_info_of(info)});
  }
  std::sort(listing.begin(), listing.end(),
            [](const FileEntry& a, const FileEntry& b) { return a.name < b.name; });
  return listing;
}

Result<FileOutcome> FileOperations::run(const FileRename& effect) {
  const auto from = resolver_.find(effect.from, "rename");
  if (!from) return tl::unexpected(from.error());
  const auto to = resolver_.find(effect.to, "rename to");
  if (!to) return tl::unexpected(to.error());
  if (rename_without_replacing_) {
    if (::renameat2(from->directory.get(), from->name.c_str(), to->directory.get(),
                    to->name.c_str(), RENAME_NOREPLACE) == 0) {
      return FileDone{};
    }
    if (!lacks_no_replace(errno)) return system_failure(errno, "rename to", full_path(effect.to));
  }
  return rename_in_steps(*from, *to, effect.to);
}

// Takes the new name with a call that fails where something is there, in a way that a crash between
// the steps leaves the file under one name or under both.
Result<FileOutcome> FileOperations::rename_in_steps(const Resolver::Entry& from,
                                                    const Resolver::Entry& to,
                                                    const FilePath& to_path) {
  const int from_directory = from.directory.get();
  const int to_directory = to.directory.get();
  const char* from_name = from.name.c_str();
  const char* to_name = to.name.c_str();
  struct stat info;
  if (::fstatat(from_directory, from_name, &info, AT_SYMLINK_NOFOLLOW) != 0) {
    return system_failure(errno, "rename to", full_path(to_path));
  }
  if (S_ISDIR(info.st_mode)) {
    // rename() replaces an empty directory: the one made here, to claim the name.
    if (::mkdirat(to_directory, to_name, 0700) != 0) {
      return system_failure(errno, "rename to", full_path(to_path));
    }
    if (::renameat(from_directory, from_name, to_directory, to_name) == 0) return FileDone{};
    const int error_number = errno;
    ::unlinkat(to_directory, to_name, AT_REMOVEDIR);
    return system_failure(error_number, "rename to", full_path(to_path));
  }
  if (::linkat(from_directory, from_name, to_directory, to_name, 0) != 0) {
    return system_failure(errno, "rename to", full_path(to_path));
  }
  if (::unlinkat(from_directory, from_name, 0) != 0) {
    const int error_number = errno;
    ::unlinkat(to_directory, to_name, 0);
    return system_failure(error_number, "rename to", full_path(to_path));
  }
  return FileDone{};
}

Result<FileOutcome> FileOperations::run(const FileMakeDirectory& effect) {
  const auto entry = resolver_.find(effect.path, "make");
  if (!entry) return tl::unexpected(entry.error());
  if (::mkdirat(entry->directory.get(), entry->name.c_str(), 0700) != 0) {
    return system_failure(errno, "make", full_path(effect.path));
  }
  return FileDone{};
}

Result<FileOutcome> FileOperations::run(const FileSetDirectoryAttributes& effect) {
  const auto directory = resolver_.open_directory(effect.path, O_RDONLY, "set the attributes of");
  if (!directory) return tl::unexpected(directory.error());
  if (!set_attributes(directory->get(), effect.mode, effect.modified_ns)) {
    return system_failure(errno, "set the attributes of", full_path(effect.path));
  }
  return FileDone{};
}

Result<FileOutcome> FileOperations::run(const FileRemove& effect) {
  const auto entry = resolver_.find(effect.path, "remove");
  if (!entry) return tl::unexpected(entry.error());
  struct stat info;
  if (::fstatat(entry->directory.get(), entry->name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
    return system_failure(errno, "remove", full_path(effect.path));
  }
  if (!S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode)) {
    return failure(ErrorCode::permission_denied,
                   fmt::format("Cannot remove {}: it is neither a file nor a directory.",
                               printable(full_path(effect.path))));
  }
  const int flags = S_ISDIR(info.st_mode) ? AT_REMOVEDIR : 0;
  if (::unlinkat(entry->directory.get(), entry->name.c_str(), flags) != 0) {
    return system_failure(errno, "remove", full_path(effect.path));
  }
  return FileDone{};
}

Result<FileOutcome> FileOperations::run(const DirectorySync& effect) {
  const auto directory = resolver_.open_directory(effect.path, O_RDONLY, "make durable");
  if (!directory) return tl::unexpected(directory.error());
  if (::fsync(directory->get()) != 0) {
    return system_failure(errno, "make durable", full_path(effect.path));
  }
  return FileDone{};
}

}  // namespace kith::io
