#include "engine/trace/recording.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace kith::trace {
namespace {

template <class... Alternatives>
std::optional<ErrorCode> error_in(const std::variant<Alternatives...>& value) {
  return std::visit(
      []<class T>(const T& alternative) -> std::optional<ErrorCode> {
        if constexpr (requires { error_in(alternative); }) {
          return error_in(alternative);
        } else if constexpr (requires { alternative.error.code; }) {
          return alternative.error.code;
        } else {
          return std::nullopt;
        }
      },
      value);
}

}  // namespace

Checksum checksum_of(ByteView frame) {
  const Digest digest = blake3(frame);
  Checksum checksum{};
  std::copy_n(digest.bytes.begin(), checksum.size(), checksum.begin());
  return checksum;
}

RunningHash first_half_of(const Digest& digest) {
  RunningHash half{};
  std::copy_n(digest.bytes.begin(), half.size(), half.begin());
  return half;
}

std::string to_string(const OutputSummary& output) {
  std::string text = fmt::format("{} of {} bytes", kind_name(output.kind), output.size);
  if (output.error) text += fmt::format(" ({})", to_string(*output.error));
  return text;
}

void RunTrace::output(Instant at, const std::optional<Output>& output) {
  const std::uint64_t before = hash_.bytes();
  recorder().output(0, at, output);
  if (output) outputs_.push_back({kind_of(*output), error_in(*output), hash_.bytes() - before});
}

std::vector<OutputSummary> RunTrace::take_outputs() { return std::exchange(outputs_, {}); }

}  // namespace kith::trace
