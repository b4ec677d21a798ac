#include "sim/scenario/decimal.h"

#include <algorithm>
#include <charconv>
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

std::string write_decimal(std::uint64_t value, unsigned places) {
  std::string digits = std::to_string(value);
  if (digits.size() <= places) digits.insert(0, places + 1 - digits.size(), '0');
  digits.insert(digits.size() - places, 1, '.');
  digits.erase(digits.find_last_not_of('0') + 1);
  if (digits.back() == '.') digits.pop_back();
  return digits;
}

std::string without_exponent(std::string_view number) {
  const std::size_t e = number.find_first_of("eE");
  if (e == number.npos) return std::string(number);
  std::string digits(number.substr(0, e));
  std::string_view power = number.substr(e + 1);
  if (power.starts_with('+')) power.remove_prefix(1);
  int exponent = 0;
  std::from_chars(power.data(), power.data() + power.size(), exponent);
  const std::size_t point = std::min(digits.find('.'), digits.size());
  digits.erase(point, 1);
  // Where the point goes, as digits before it; zeros fill up to there.
  const int before = static_cast<int>(point) + exponent;
  if (before <= 0) return "0." + std::string(static_cast<std::size_t>(-before), '0') + digits;
  const auto left = static_cast<std::size_t>(before);
  if (left >= digits.size()) return digits + std::string(left - digits.size(), '0');
  return digits.insert(left, 1, '.');
}

}  // namespace kith::sim
