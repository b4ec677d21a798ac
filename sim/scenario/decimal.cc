#include "sim/scenario/decimal.h"

#include <limits>

namespace kith::sim {

std::optional<std::uint64_t> parse_decimal(std::string_view text, unsigned places) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t value = 0;
  unsigned after_point = 0;
  bool point = false;
  bool digits = false;
  const auto append = [&value](std::uint64_t digit) {
    if (value > (kMost - digit) / 10) return false;
    value = value * 10 + digit;
    return true;
  };
  for (const char c : text) {
    if (c == '.' && !point && digits) {
      point = true;
      digits = false;
      continue;
    }
    if (c < '0' || c > '9') return std::nullopt;
    digits = true;
    // Zeros beyond the last place say nothing.
    if (point && after_point == places) {
      if (c != '0') return std::nullopt;
      continue;
    }
    if (point) ++after_point;
    if (!append(static_cast<std::uint64_t>(c - '0'))) return std::nullopt;
  }
  if (!digits) return std::nullopt;
  for (; after_point < places; ++after_point) {
    if (!append(0)) return std::nullopt;
  }
  return value;
}

}  // namespace kith::sim
