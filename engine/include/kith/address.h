#pragma once

// An IP address and UDP port.

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "kith/result.h"

namespace kith {

// An IP address, its port, and the interface where IPv6 needs one.
struct Address {
  // IP version 4 or 6.
  enum class Family : std::uint8_t { ipv4, ipv6 };

  Family family = Family::ipv4;
  std::array<std::byte, 16> ip{};  // network order; IPv4 uses the first 4 bytes
  std::uint16_t port = 0;
  std::uint32_t scope = 0;  // IPv6 link-local interface index, otherwise 0

  // The IPv4 address a.b.c.d with a port.
  static Address v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d,
                    std::uint16_t port);

  // "192.0.2.1:443" or "[2001:db8::1]:443"; host names are not resolved here.
  static Result<Address> parse(std::string_view text);
  std::string to_string() const;

  bool is_unspecified() const;

  friend constexpr auto operator<=>(const Address&, const Address&) = default;
};

// Explicit congestion notification codepoint of an IP header (RFC 3168).
enum class Ecn : std::uint8_t { not_ect = 0, ect1 = 1, ect0 = 2, ce = 3 };

}  // namespace kith
