#pragma once

// Decimal numbers as exact integers of a smaller unit: "0.25" with 9 places is 250'000'000.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kith::sim {

// Nothing for what is no plain decimal number, is negative, has more places than `places`, or does
// not fit.
std::optional<std::uint64_t> parse_decimal(std::string_view text, unsigned places);

// The opposite, without zeros at the end: 60'500 with 3 places is "60.5".
std::string write_decimal(std::uint64_t value, unsigned places);

// A JSON number without its exponent: "1.5e-05" is "0.000015". Its sign is none of this.
std::string without_exponent(std::string_view number);

}  // namespace kith::sim
