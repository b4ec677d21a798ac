#include "io/base/system_error.h"

#include <fmt/core.h>

#include <string>
#include <system_error>

#include "engine/base/text.h"

namespace kith::io {
namespace {

std::string_view hint_for(int error_number) {
  switch (error_number) {
    case ENOENT:
      return "Check that it exists.";
    case ENOTDIR:
      return "A file stands where a directory is needed; choose another place.";
    case EACCES:
    case EPERM:
      return "Check its owner and permissions, and those of the directories above it.";
    case EROFS:
      return "Its file system is mounted read-only; choose another place or remount it.";
    case ENOSPC:
      return "Free some space on its file system and try again.";
    case EDQUOT:
      return "The disk quota of this user is used up; free some space and try again.";
    case EMFILE:
    case ENFILE:
      return "Too many files are open; raise the limit with ulimit -n.";
    case EIO:
      return "The disk reports a failure; the system log says more.";
    case EADDRINUSE:
      return "Another program uses this port; choose another one, or 0 for any.";
    case EADDRNOTAVAIL:
      return "No network interface of this machine has this address.";
    default:
      return "";
  }
}

}  // namespace

ErrorCode error_code_of(int error_number) {
  switch (error_number) {
    case ENOENT:
    case ENOTDIR:
      return ErrorCode::not_found;
    case EEXIST:
    case ENOTEMPTY:
    case EADDRINUSE:
      return ErrorCode::already_exists;
    case EACCES:
    case EPERM:
    case EROFS:
    case ELOOP:
    case EISDIR:
    case ETXTBSY:
      return ErrorCode::permission_denied;
    case ENOSPC:
    case EDQUOT:
      return ErrorCode::no_space;
    case ENAMETOOLONG:
    case EMFILE:
    case ENFILE:
    case EFBIG:
    case EMLINK:
    case ENOMEM:
      return ErrorCode::limit_exceeded;
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT:
      return ErrorCode::invalid_argument;
    default:
      return ErrorCode::io_error;
  }
}

Error system_error(int error_number, std::string_view action, std::string_view path) {
  const std::string reason = std::generic_category().message(error_number);
  return Error{error_code_of(error_number),
               fmt::format("Cannot {} {}: {}.", action, printable(path), reason),
               std::string(hint_for(error_number))};
}

}  // namespace kith::io
