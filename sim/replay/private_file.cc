#include "sim/replay/private_file.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "engine/base/text.h"

namespace kith::sim {

Result<PrivateFile> PrivateFile::create(const std::string& path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  std::FILE* file = fd < 0 ? nullptr : ::fdopen(fd, "wb");
  if (file == nullptr) {
    const int error = errno;
    if (fd >= 0) ::close(fd);
    return failure(error == EEXIST ? ErrorCode::already_exists : ErrorCode::io_error,
                   fmt::format("Cannot create {}: {}.", printable(path), std::strerror(error)));
  }
  return PrivateFile(file, path);
}

void PrivateFile::append(ByteView bytes) {
  good_ = std::fwrite(bytes.data(), 1, bytes.size(), file_.get()) == bytes.size() && good_;
}

Result<void> PrivateFile::close() {
  good_ = std::fclose(file_.release()) == 0 && good_;
  if (good_) return {};
  return failure(ErrorCode::io_error, fmt::format("{} could not be written.", printable(path_)));
}

}  // namespace kith::sim
