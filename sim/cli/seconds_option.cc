#include "sim/cli/seconds_option.h"

#include <fmt/core.h>

#include <cstdint>

#include "engine/base/text.h"
#include "sim/scenario/decimal.h"

namespace kith::sim {

Result<std::optional<Duration>> read_seconds(const std::string& option, const std::string& text) {
  constexpr std::uint64_t kLongestNs = 1ull << 62;
  if (text.empty()) return std::nullopt;
  const auto ns = parse_decimal(text, 9);
  if (ns && *ns <= kLongestNs) return Duration{static_cast<std::int64_t>(*ns)};
  return failure(ErrorCode::invalid_argument,
                 fmt::format("{} {} is not a number of seconds.", option, printable(text)));
}

}  // namespace kith::sim
