#pragma once

// Expected failures. A Result is returned where the caller can act on the failure at once; an
// event with the same Error is emitted where the failure comes later.

#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace kith {

// What kind of failure it was.
enum class ErrorCode {
  invalid_argument,   // what the caller passed cannot work
  not_found,          // no such file, device, transfer or connection
  already_exists,     // a name, device or registration is taken
  permission_denied,  // the operating system or the access policy says no
  no_space,           // the disk or a named limit is full
  io_error,           // the disk, the store or a socket failed
  refused,            // the other side said no
  unreachable,        // the other side was never reached
  connection_lost,    // the other side was reached and then lost
  timed_out,          // nothing happened for too long
  cancelled,          // a person or the application stopped it
  corrupt,            // data does not match its digest, signature or schema
  source_changed,     // a file changed while it was being sent
  limit_exceeded,     // a documented limit was reached
  internal,           // a bug in kith
};

// The stable lower-case name of a code, e.g. "unreachable".
std::string_view to_string(ErrorCode code);

// `message` is one sentence a person can read; `hint` says what to do, and may be empty.
struct Error {
  ErrorCode code = ErrorCode::internal;
  std::string message;
  std::string hint;

  friend bool operator==(const Error&, const Error&) = default;
};

// A value, or the Error that took its place.
template <class T, class E = Error>
using Result = tl::expected<T, E>;

// An Error to return where a Result is expected.
inline tl::unexpected<Error> failure(ErrorCode code, std::string message, std::string hint = {}) {
  return tl::unexpected<Error>(Error{code, std::move(message), std::move(hint)});
}

}  // namespace kith
