#include "io/base/private_file.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>

#include "engine/base/text.h"
#include "io/base/entropy.h"
#include "io/base/system_error.h"
#include "io/base/unique_fd.h"

namespace kith::io {
namespace {

// A name no other process chooses.
std::string temporary_path(const std::string& path) {
  std::array<std::byte, 8> number;
  fill_with_entropy(number);
  return path + ".new-" + to_hex(number);
}

Result<void> write_and_sync(const std::string& path, ByteView bytes) {
  const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd) return system_failure(errno, "create", path);
  while (!bytes.empty()) {
    const ssize_t count =
        retry_interrupted([&] { return ::write(fd.get(), bytes.data(), bytes.size()); });
    if (count < 0) return system_failure(errno, "write", path);
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  if (::fsync(fd.get()) != 0) return system_failure(errno, "make durable", path);
  return {};
}

Result<void> give_name(const std::string& from, const std::string& to, IfPresent if_present) {
  if (if_present == IfPresent::replace) {
    if (::rename(from.c_str(), to.c_str()) != 0) return system_failure(errno, "write", to);
    return {};
  }
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return {};
  if (errno != EINVAL && errno != ENOSYS) return system_failure(errno, "create", to);
  // A file system without RENAME_NOREPLACE: link() does not replace either.
  if (::link(from.c_str(), to.c_str()) != 0) return system_failure(errno, "create", to);
  ::unlink(from.c_str());
  return {};
}

}  // namespace

Result<std::optional<PrivateFile>> read_private_file(const std::string& path,
                                                     std::size_t max_bytes) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd) {
    if (errno == ENOENT) return std::nullopt;
    return system_failure(errno, "open", path);
  }
  struct stat info;
  if (::fstat(fd.get(), &info) != 0) return system_failure(errno, "read", path);
  if (!S_ISREG(info.st_mode)) {
    return failure(ErrorCode::permission_denied,
                   fmt::format("Cannot read {}: it is not a regular file.", printable(path)));
  }
  PrivateFile file;
  file.mode = info.st_mode & 07777u;
  file.bytes.resize(max_bytes + 1);
  std::size_t filled = 0;
  while (filled < file.bytes.size()) {
    const ssize_t count = retry_interrupted(
        [&] { return ::read(fd.get(), file.bytes.data() + filled, file.bytes.size() - filled); });
    if (count < 0) return system_failure(errno, "read", path);
    if (count == 0) break;
    filled += static_cast<std::size_t>(count);
  }
  if (filled > max_bytes) {
    return failure(
        ErrorCode::limit_exceeded,
        fmt::format("Cannot read {}: it is longer than {} bytes.", printable(path), max_bytes));
  }
  file.bytes.resize(filled);
  return file;
}

Result<void> write_private_file(const std::string& directory, const std::string& name,
                                ByteView bytes, IfPresent if_present) {
  const std::string path = directory + "/" + name;
  const std::string temporary = temporary_path(path);
  auto outcome = write_and_sync(temporary, bytes);
  if (outcome) outcome = give_name(temporary, path, if_present);
  if (!outcome) {
    ::unlink(temporary.c_str());
    return outcome;
  }
  return sync_directory(directory);
}

Result<void> sync_directory(const std::string& directory) {
  const UniqueFd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return system_failure(errno, "open", directory);
  if (::fsync(fd.get()) != 0) return system_failure(errno, "make durable", directory);
  return {};
}

}  // namespace kith::io
