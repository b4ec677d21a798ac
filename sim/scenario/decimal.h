#pragma once

// Decimal numbers as exact integers of a smaller unit: "0.25" with 9 places is 250'000'000.

#include <cstdint>
#include <optional>
#include <string_view>

namespace kith::sim {

// Nothing for what is no plain decimal number, is negative, has more places than `places`, or does
// not fit.
std::optional<std::uint64_t> parse_decimal(std::string_view text, unsigned places);

}  // namespace kith::sim
