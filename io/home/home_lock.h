#pragma once

// One networking process per home at a time. The lock belongs to the process and ends with it,
// however it ends; the file stays and names who holds it.

#include <string>

#include "io/base/unique_fd.h"
#include "kith/result.h"

namespace kith::io {

class HomeLock {
 public:
  // Errors: already_exists (held; the message names the process), permission_denied, io_error.
  static Result<HomeLock> take(const std::string& home);

 private:
  explicit HomeLock(UniqueFd fd) : fd_(std::move(fd)) {}

  UniqueFd fd_;
};

}  // namespace kith::io
