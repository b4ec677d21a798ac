#include "io/cli/exit_code.h"

namespace kith::cli {

ExitCode exit_code(ErrorCode code, Origin origin) {
  switch (code) {
    case ErrorCode::invalid_argument:
      return kUsage;
    case ErrorCode::refused:
      return kRefused;
    case ErrorCode::unreachable:
      return kUnreachable;
    case ErrorCode::connection_lost:
    case ErrorCode::timed_out:
      return kLost;
    case ErrorCode::cancelled:
      // What this program cancels it reports as an interruption, so a cancellation that comes from
      // the peer is one of the ways of saying no.
      return origin == Origin::peer ? kRefused : kInterrupted;
    case ErrorCode::corrupt:
      return origin == Origin::words ? kRefused : kFailed;
    case ErrorCode::not_found:
    case ErrorCode::already_exists:
    case ErrorCode::permission_denied:
    case ErrorCode::no_space:
    case ErrorCode::io_error:
    case ErrorCode::source_changed:
    case ErrorCode::limit_exceeded:
    case ErrorCode::internal:
      return kFailed;
  }
  return kFailed;
}

}  // namespace kith::cli
