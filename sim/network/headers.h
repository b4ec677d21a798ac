#pragma once

// What IP and UDP add to a payload, and which addresses are for groups.

#include <cstddef>

#include "kith/address.h"

namespace kith::sim {

// RFC 791, RFC 8200, RFC 768.
inline constexpr std::size_t kIpv4UdpHeaders = 20 + 8;
inline constexpr std::size_t kIpv6UdpHeaders = 40 + 8;

inline std::size_t headers_of(const Address& address) {
  return address.family == Address::Family::ipv4 ? kIpv4UdpHeaders : kIpv6UdpHeaders;
}

// RFC 5771 (224.0.0.0/4), RFC 4291 section 2.7 (ff00::/8).
inline bool is_multicast(const Address& address) {
  const auto first = std::to_integer<unsigned>(address.ip[0]);
  return address.family == Address::Family::ipv4 ? first >> 4 == 0xe : first == 0xff;
}

}  // namespace kith::sim
