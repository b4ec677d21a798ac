#include "io/disk/resolver.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "engine/base/text.h"
#include "io/base/system_error.h"

namespace kith::io {
namespace {

// openat2 gives EAGAIN when a rename elsewhere kept it from proving that the path stays beneath.
constexpr int kResolveAttempts = 64;

int openat2_beneath(int base, const char* relative, int flags) {
  open_how how{};
  how.flags = static_cast<__u64>(flags);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  long fd = -1;
  for (int attempt = 0; attempt < kResolveAttempts; ++attempt) {
    fd = ::syscall(SYS_openat2, base, relative, &how, sizeof how);
    if (fd >= 0 || (errno != EAGAIN && errno != EINTR)) break;
  }
  return static_cast<int>(fd);
}

bool kernel_resolves() {
  return static_cast<bool>(UniqueFd(openat2_beneath(AT_FDCWD, ".", O_PATH | O_CLOEXEC)));
}

tl::unexpected<Error> link_in_the_way(const FilePath& path, std::string_view action) {
  return failure(ErrorCode::permission_denied,
                 fmt::format("Cannot {} {}: it leads through a symbolic link.", action,
                             printable(full_path(path))),
                 "Links inside a folder are not followed; name the real place instead.");
}

tl::unexpected<Error> outside(const FilePath& path, std::string_view action) {
  return failure(ErrorCode::permission_denied,
                 fmt::format("Cannot {} {}: it is outside {}.", action, printable(full_path(path)),
                             printable(path.base)));
}

tl::unexpected<Error> not_regular(const FilePath& path, std::string_view action) {
  return failure(
      ErrorCode::permission_denied,
      fmt::format("Cannot {} {}: it is not a regular file.", action, printable(full_path(path))));
}

// The real components of a relative path; empty for the base itself.
Result<std::vector<std::string>> components_of(const FilePath& path, std::string_view action) {
  if (path.relative.starts_with('/') || path.relative.find('\0') != std::string::npos) {
    return outside(path, action);
  }
  std::vector<std::string> components;
  std::size_t at = 0;
  while (at < path.relative.size()) {
    const std::size_t end = std::min(path.relative.find('/', at), path.relative.size());
    const std::string_view component = std::string_view(path.relative).substr(at, end - at);
    if (component == "..") return outside(path, action);
    if (!component.empty() && component != ".") components.emplace_back(component);
    at = end + 1;
  }
  return components;
}

Result<UniqueFd> open_base(const FilePath& path, int flags, std::string_view action) {
  if (!path.base.starts_with('/') || path.base.find('\0') != std::string::npos) {
    return failure(
        ErrorCode::permission_denied,
        fmt::format("Cannot {} {}: it is not an absolute path.", action, printable(path.base)));
  }
  UniqueFd fd(::open(path.base.c_str(), flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (fd) return fd;
  if (errno == ELOOP) return link_in_the_way(path, action);
  return system_failure(errno, action, path.base);
}

// ENOTDIR is said of a file and, where O_DIRECTORY and O_NOFOLLOW meet, of a link alike.
bool is_link(int directory, const char* name) {
  struct stat info;
  return ::fstatat(directory, name, &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(info.st_mode);
}

Result<UniqueFd> step(int directory, const std::string& name, int flags, mode_t mode,
                      const FilePath& path, std::string_view action) {
  UniqueFd fd(::openat(directory, name.c_str(), flags | O_NOFOLLOW, mode));
  if (fd) return fd;
  const int error_number = errno;
  if (error_number == ELOOP || (error_number == ENOTDIR && is_link(directory, name.c_str()))) {
    return link_in_the_way(path, action);
  }
  // A socket or a FIFO nobody reads, or a directory that is to be written.
  if (error_number == ENXIO || error_number == EISDIR) return not_regular(path, action);
  return system_failure(error_number, action, full_path(path));
}

std::string join(const std::vector<std::string>& components, std::size_t count) {
  std::string joined;
  for (std::size_t i = 0; i < count; ++i) {
    if (i > 0) joined += '/';
    joined += components[i];
  }
  return joined;
}

}  // namespace

std::string full_path(const FilePath& path) {
  if (path.relative.empty()) return path.base;
  return path.base + (path.base.ends_with('/') ? "" : "/") + path.relative;
}

Resolver::Resolver(Resolution wanted)
    : resolution_(wanted == Resolution::kernel && kernel_resolves() ? Resolution::kernel
                                                                    : Resolution::by_component) {}

Result<UniqueFd> Resolver::open_directory_beneath(int base, const std::string& relative, int flags,
                                                  const FilePath& path,
                                                  std::string_view action) const {
  flags |= O_DIRECTORY | O_CLOEXEC;
  if (resolution_ == Resolution::kernel) {
    UniqueFd fd(openat2_beneath(base, relative.c_str(), flags));
    if (fd) return fd;
    if (errno == ELOOP) return link_in_the_way(path, action);
    if (errno == EXDEV) return outside(path, action);
    return system_failure(errno, action, full_path(path));
  }
  UniqueFd directory;
  std::size_t at = 0;
  while (true) {
    const int from = directory ? directory.get() : base;
    const std::size_t end = relative.find('/', at);
    if (end == std::string::npos) {
      return step(from, relative.substr(at), flags, 0, path, action);
    }
    auto next = step(from, relative.substr(at, end - at), O_PATH | O_DIRECTORY | O_CLOEXEC, 0, path,
                     action);
    if (!next) return next;
    directory = std::move(*next);
    at = end + 1;
  }
}

Result<UniqueFd> Resolver::open_regular(const FilePath& path, int flags, mode_t mode,
                                        std::string_view action) const {
  const auto entry = find(path, action);
  if (!entry) return tl::unexpected(entry.error());
  // O_NONBLOCK: a FIFO must not hold up the thread until somebody writes to it.
  auto fd = step(entry->directory.get(), entry->name, flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
                 mode, path, action);
  if (!fd) return fd;
  struct stat info;
  if (::fstat(fd->get(), &info) != 0) return system_failure(errno, action, full_path(path));
  if (!S_ISREG(info.st_mode)) return not_regular(path, action);
  return fd;
}

Result<UniqueFd> Resolver::open_directory(const FilePath& path, int flags,
                                          std::string_view action) const {
  const auto components = components_of(path, action);
  if (!components) return tl::unexpected(components.error());
  if (components->empty()) return open_base(path, flags | O_DIRECTORY, action);
  auto base = open_base(path, O_PATH | O_DIRECTORY, action);
  if (!base) return base;
  return open_directory_beneath(base->get(), join(*components, components->size()), flags, path,
                                action);
}

Result<Resolver::Entry> Resolver::find(const FilePath& path, std::string_view action) const {
  auto components = components_of(path, action);
  if (!components) return tl::unexpected(components.error());
  if (components->empty()) {
    FilePath parent{path.base, ""};
    while (parent.base.size() > 1 && parent.base.ends_with('/')) parent.base.pop_back();
    const std::size_t slash = parent.base.rfind('/');
    std::string name = slash == std::string::npos ? "" : parent.base.substr(slash + 1);
    parent.base.resize(slash == std::string::npos ? 0 : std::max<std::size_t>(slash, 1));
    auto directory = open_base(parent, O_PATH | O_DIRECTORY, action);
    if (!directory) return tl::unexpected(directory.error());
    return Entry{std::move(*directory), name.empty() ? "." : std::move(name)};
  }
  auto base = open_base({path.base, ""}, O_PATH | O_DIRECTORY, action);
  if (!base) return tl::unexpected(base.error());
  if (components->size() == 1) return Entry{std::move(*base), std::move(components->front())};
  auto directory = open_directory_beneath(base->get(), join(*components, components->size() - 1),
                                          O_PATH, path, action);
  if (!directory) return tl::unexpected(directory.error());
  return Entry{std::move(*directory), std::move(components->back())};
}

}  // namespace kith::io
