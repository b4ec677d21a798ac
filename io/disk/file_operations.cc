#include "io/disk/file_operations.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "engine/base/check.h"
#include "io/base/system_error.h"
#include "io/disk/file_attributes.h"

namespace kith::io {
namespace {

int flags_of(FileOpen::Mode mode) {
  switch (mode) {
    case FileOpen::Mode::create:
      return O_RDWR | O_CREAT | O_EXCL;
    case FileOpen::Mode::update:
      return O_RDWR;
    case FileOpen::Mode::read:
      break;
  }
  return O_RDONLY;
}

}  // namespace

FileOperations::FileOperations(const DiskFeatures& features)
    : resolver_(features.resolution),
      rename_without_replacing_(features.rename_without_replacing) {}

Result<std::shared_ptr<FileOperations::OpenFile>> FileOperations::find(FileHandle handle) {
  const std::lock_guard lock(mutex_);
  const auto found = open_files_.find(handle);
  if (found == open_files_.end()) {
    return failure(ErrorCode::not_found, fmt::format("File handle {} is not open.", handle.value));
  }
  return found->second;
}

Result<FileOutcome> FileOperations::run(const FileOpen& effect) {
  auto fd = resolver_.open_regular(effect.path, flags_of(effect.mode), 0600, "open");
  if (!fd) return tl::unexpected(fd.error());
  struct stat info;
  if (::fstat(fd->get(), &info) != 0) {
    return system_failure(errno, "open", full_path(effect.path));
  }
  auto file = std::make_shared<OpenFile>();
  file->fd = std::move(*fd);
  file->path = full_path(effect.path);
  const std::lock_guard lock(mutex_);
  const bool inserted = open_files_.emplace(effect.handle, std::move(file)).second;
  KITH_CHECK_MSG(inserted, "file handle {} is already open", effect.handle.value);
  return file_info_of(info);
}

Result<FileOutcome> FileOperations::run(const FileRead& effect) {
  const auto file = find(effect.handle);
  if (!file) return tl::unexpected(file.error());
  const int fd = (*file)->fd.get();
  struct stat info;
  if (::fstat(fd, &info) != 0) return system_failure(errno, "read", (*file)->path);
  const auto file_size = static_cast<std::uint64_t>(info.st_size);
  const std::uint64_t left = file_size - std::min(file_size, effect.offset);

  Bytes bytes(std::min<std::uint64_t>(left, effect.length));
  std::size_t filled = 0;
  while (filled < bytes.size()) {
    const auto at = static_cast<off_t>(effect.offset + filled);
    const ssize_t count = retry_interrupted(
        [&] { return ::pread(fd, bytes.data() + filled, bytes.size() - filled, at); });
    if (count < 0) return system_failure(errno, "read", (*file)->path);
    if (count == 0) break;
    filled += static_cast<std::size_t>(count);
  }
  bytes.resize(filled);
  return SharedBytes(std::move(bytes));
}

Result<FileOutcome> FileOperations::run(const FileWrite& effect) {
  const auto file = find(effect.handle);
  if (!file) return tl::unexpected(file.error());
  ByteView rest = effect.data.view();
  auto at = static_cast<off_t>(effect.offset);
  while (!rest.empty()) {
    const ssize_t count = retry_interrupted(
        [&] { return ::pwrite((*file)->fd.get(), rest.data(), rest.size(), at); });
    if (count < 0) return system_failure(errno, "write", (*file)->path);
    rest = rest.subspan(static_cast<std::size_t>(count));
    at += count;
  }
  return FileDone{};
}

Result<FileOutcome> FileOperations::run(const FileSync& effect) {
  const auto file = find(effect.handle);
  if (!file) return tl::unexpected(file.error());
  const int fd = (*file)->fd.get();
  const bool whole = (*file)->attributes_changed.exchange(false);
  if ((whole ? ::fsync(fd) : ::fdatasync(fd)) != 0) {
    return system_failure(errno, "make durable", (*file)->path);
  }
  return FileDone{};
}

Result<FileOutcome> FileOperations::run(const FileSetAttributes& effect) {
  const auto file = find(effect.handle);
  if (!file) return tl::unexpected(file.error());
  (*file)->attributes_changed = true;
  if (!set_attributes((*file)->fd.get(), effect.mode, effect.modified_ns)) {
    return system_failure(errno, "set the attributes of", (*file)->path);
  }
  return FileDone{};
}

Result<FileOutcome> FileOperations::run(const FileClose& effect) {
  const std::lock_guard lock(mutex_);
  if (open_files_.erase(effect.handle) == 0) {
    return failure(ErrorCode::not_found,
                   fmt::format("File handle {} is not open.", effect.handle.value));
  }
  return FileDone{};
}

}  // namespace kith::io
