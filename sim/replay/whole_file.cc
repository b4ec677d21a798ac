#include "sim/replay/whole_file.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>

namespace kith::sim {
namespace {

int write_new_file(const std::string& path, ByteView bytes) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (file < 0) return errno;
  int error = 0;
  while (!bytes.empty() && error == 0) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written >= 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      error = errno;
    }
  }
  if (error == 0 && ::fsync(file) != 0) error = errno;
  if (::close(file) != 0 && error == 0) error = errno;
  return error;
}

int rename_over(const std::string& from, const std::string& to) {
  return ::rename(from.c_str(), to.c_str()) == 0 ? 0 : errno;
}

// Some file systems cannot rename without replacing: there a file that appears in the last moment
// would be lost.
int rename_to_new(const std::string& from, const std::string& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return errno;
  if (::access(to.c_str(), F_OK) == 0) return EEXIST;
  return rename_over(from, to);
}

}  // namespace

int write_whole_file(const std::string& path, ByteView bytes, Existing existing) {
  const std::string temporary = fmt::format("{}.{}.tmp", path, ::getpid());
  int error = write_new_file(temporary, bytes);
  if (error == 0) {
    error =
        existing == Existing::kept ? rename_to_new(temporary, path) : rename_over(temporary, path);
  }
  if (error != 0) ::unlink(temporary.c_str());
  return error;
}

int check_directory_of(const std::string& path) {
  const std::filesystem::path directory = std::filesystem::path(path).parent_path();
  return ::access(directory.empty() ? "." : directory.c_str(), W_OK | X_OK) == 0 ? 0 : errno;
}

}  // namespace kith::sim
