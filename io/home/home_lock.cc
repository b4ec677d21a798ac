#include "io/home/home_lock.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>

#include "engine/base/text.h"
#include "io/base/system_error.h"

namespace kith::io {
namespace {

// The holder writes its number after it has the lock, so for a moment there may be none.
std::string holder_of(int fd) {
  std::array<char, 32> text{};
  const ssize_t count = ::pread(fd, text.data(), text.size(), 0);
  if (count <= 0) return "Another process";
  int pid = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + count, pid);
  return parsed.ec == std::errc() ? fmt::format("Process {}", pid) : "Another process";
}

}  // namespace

Result<HomeLock> HomeLock::take(const std::string& home) {
  const std::string path = home + "/lock";
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd) return system_failure(errno, "open", path);
  if (retry_interrupted([&] { return ::flock(fd.get(), LOCK_EX | LOCK_NB); }) != 0) {
    if (errno != EWOULDBLOCK) return system_failure(errno, "lock", path);
    return failure(
        ErrorCode::already_exists,
        fmt::format("{} already runs kith with the home {}.", holder_of(fd.get()), printable(home)),
        "Stop it first, or use another home.");
  }
  const std::string pid = fmt::format("{}\n", ::getpid());
  if (::ftruncate(fd.get(), 0) != 0 || ::pwrite(fd.get(), pid.data(), pid.size(), 0) < 0) {
    return system_failure(errno, "write", path);
  }
  return HomeLock(std::move(fd));
}

}  // namespace kith::io
