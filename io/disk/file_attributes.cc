#include "io/disk/file_attributes.h"

#include <fcntl.h>

namespace kith::io {
namespace {

constexpr std::int64_t kNanosecondsPerSecond = 1'000'000'000;
constexpr std::uint32_t kPermissionBits = 07777;

FileType file_type_of(mode_t mode) {
  if (S_ISREG(mode)) return FileType::regular;
  if (S_ISDIR(mode)) return FileType::directory;
  if (S_ISLNK(mode)) return FileType::symlink;
  return FileType::other;
}

// Times before 1970 have a negative second and still a nanosecond from 0 up.
timespec to_timespec(std::int64_t ns) {
  timespec time{};
  time.tv_sec = ns / kNanosecondsPerSecond;
  time.tv_nsec = ns % kNanosecondsPerSecond;
  if (time.tv_nsec < 0) {
    time.tv_nsec += kNanosecondsPerSecond;
    --time.tv_sec;
  }
  return time;
}

}  // namespace

FileInfo file_info_of(const struct stat& info) {
  FileInfo result;
  result.type = file_type_of(info.st_mode);
  result.size_bytes = static_cast<std::uint64_t>(info.st_size);
  result.mode = info.st_mode & kPermissionBits;
  result.modified_ns = info.st_mtim.tv_sec * kNanosecondsPerSecond + info.st_mtim.tv_nsec;
  return result;
}

bool set_attributes(int fd, std::uint32_t mode, std::int64_t modified_ns) {
  timespec access{};
  access.tv_nsec = UTIME_OMIT;
  const timespec times[] = {access, to_timespec(modified_ns)};
  return ::fchmod(fd, mode & kPermissionBits) == 0 && ::futimens(fd, times) == 0;
}

}  // namespace kith::io
