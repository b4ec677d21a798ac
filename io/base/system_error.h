#pragma once

// What the operating system refused, as an Error a person can act on.

#include <cerrno>
#include <string_view>

#include "kith/result.h"

namespace kith::io {

ErrorCode error_code_of(int error_number);

// "Cannot <action> <path>: <reason>.", the path made safe to print. `action` is a verb such as
// "open"; `path` is bytes.
Error system_error(int error_number, std::string_view action, std::string_view path);

inline tl::unexpected<Error> system_failure(int error_number, std::string_view action,
                                            std::string_view path) {
  return tl::unexpected<Error>(system_error(error_number, action, path));
}

// The result of a system call that signals arrival must not cut short.
template <class Call>
auto retry_interrupted(Call call) {
  auto outcome = call();
  while (outcome == -1 && errno == EINTR) outcome = call();
  return outcome;
}

}  // namespace kith::io
