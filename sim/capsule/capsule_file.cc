#include "sim/capsule/capsule_file.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <span>

#include "engine/base/text.h"
#include "sim/replay/file_source.h"

namespace kith::sim {
namespace {

// More than the scenario of ten thousand devices takes, a hundred times over.
constexpr std::size_t kMostBytes = std::size_t{1} << 30;

tl::unexpected<Error> cannot_create(const std::string& path, int error) {
  return failure(error == EEXIST ? ErrorCode::already_exists : ErrorCode::io_error,
                 fmt::format("Cannot create {}: {}.", printable(path), std::strerror(error)));
}

// The error, or 0.
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

// The error, or 0. Some file systems cannot rename without replacing: there a file that appears in
// the last moment would be lost.
int rename_to_new(const std::string& from, const std::string& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return errno;
  if (::access(to.c_str(), F_OK) == 0) return EEXIST;
  return ::rename(from.c_str(), to.c_str()) == 0 ? 0 : errno;
}

}  // namespace

Result<void> check_capsule_path(const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::symlink_status(path, ignored).type() !=
      std::filesystem::file_type::not_found) {
    return cannot_create(path, EEXIST);
  }
  const std::filesystem::path directory = std::filesystem::path(path).parent_path();
  if (::access(directory.empty() ? "." : directory.c_str(), W_OK | X_OK) != 0) {
    return cannot_create(path, errno);
  }
  return {};
}

Result<void> write_capsule(const Capsule& capsule, const std::string& path) {
  const std::string temporary = fmt::format("{}.{}.tmp", path, ::getpid());
  int error = write_new_file(temporary, encode_capsule(capsule));
  if (error == 0) error = rename_to_new(temporary, path);
  if (error == 0) return {};
  ::unlink(temporary.c_str());
  return cannot_create(path, error);
}

Result<Capsule> read_capsule(const std::string& path) {
  auto source = FileSource::open(path);
  if (!source) return tl::unexpected(source.error());
  Bytes bytes;
  std::array<std::byte, 65536> piece;
  for (std::size_t size = source->read(piece); size > 0 && bytes.size() <= kMostBytes;
       size = source->read(piece)) {
    bytes.insert(bytes.end(), piece.begin(), piece.begin() + static_cast<std::ptrdiff_t>(size));
  }
  auto capsule = decode_capsule(bytes);
  if (capsule) return capsule;
  return failure(capsule.error().code,
                 fmt::format("{} {}.", printable(path), capsule.error().message));
}

bool is_capsule(const std::string& path) {
  auto source = FileSource::open(path);
  if (!source) return false;
  std::array<std::byte, 8> beginning{};
  return looks_like_capsule(std::span(beginning).first(source->read(beginning)));
}

}  // namespace kith::sim
