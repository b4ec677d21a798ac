#include "sim/replay/file_source.h"

#include <fmt/core.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "engine/base/text.h"

namespace kith::sim {

Result<FileSource> FileSource::open(const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    return failure(ErrorCode::invalid_argument, printable(path) + " is a directory.");
  }
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return failure(errno == ENOENT ? ErrorCode::not_found : ErrorCode::io_error,
                   fmt::format("Cannot open {}: {}.", printable(path), std::strerror(errno)));
  }
  return FileSource(std::move(file));
}

std::size_t FileSource::read(std::span<std::byte> into) {
  file_.read(reinterpret_cast<char*>(into.data()), static_cast<std::streamsize>(into.size()));
  return static_cast<std::size_t>(file_.gcount());
}

}  // namespace kith::sim
