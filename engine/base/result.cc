#include "kith/result.h"

#include "engine/base/check.h"

namespace kith {

std::string_view to_string(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid_argument:
      return "invalid_argument";
    case ErrorCode::not_found:
      return "not_found";
    case ErrorCode::already_exists:
      return "already_exists";
    case ErrorCode::permission_denied:
      return "permission_denied";
    case ErrorCode::no_space:
      return "no_space";
    case ErrorCode::io_error:
      return "io_error";
    case ErrorCode::refused:
      return "refused";
    case ErrorCode::unreachable:
      return "unreachable";
    case ErrorCode::connection_lost:
      return "connection_lost";
    case ErrorCode::timed_out:
      return "timed_out";
    case ErrorCode::cancelled:
      return "cancelled";
    case ErrorCode::corrupt:
      return "corrupt";
    case ErrorCode::source_changed:
      return "source_changed";
    case ErrorCode::limit_exceeded:
      return "limit_exceeded";
    case ErrorCode::internal:
      return "internal";
  }
  KITH_CHECK_MSG(false, "an error code of value {}", static_cast<int>(code));
}

}  // namespace kith
