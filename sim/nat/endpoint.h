#pragma once

// Addresses as a NAT's tables hold them: compared and hashed in a few instructions. Scopes are not
// kept, because what has one does not cross a gateway.

#include <bit>
#include <cstdint>
#include <cstring>

#include "kith/address.h"

namespace kith::sim {

struct Endpoint {
  std::uint64_t high = 0, low = 0;  // of the IP address, as it lies in an Address
  std::uint32_t port_and_family = 0;

  static Endpoint of(const Address& address) {
    Endpoint out;
    if (address.family == Address::Family::ipv4) {
      std::uint32_t ip = 0;
      std::memcpy(&ip, address.ip.data(), sizeof ip);
      out.low = to_big(ip);
    } else {
      std::memcpy(&out.high, address.ip.data(), sizeof out.high);
      std::memcpy(&out.low, address.ip.data() + sizeof out.high, sizeof out.low);
      out.high = to_big(out.high);
      out.low = to_big(out.low);
    }
    out.port_and_family = std::uint32_t{address.port} | kind(address.family) << 16;
    return out;
  }

  Address address() const {
    Address out;
    out.port = port();
    if ((port_and_family >> 16) == kind(Address::Family::ipv4)) {
      const std::uint32_t ip = to_big(static_cast<std::uint32_t>(low));
      std::memcpy(out.ip.data(), &ip, sizeof ip);
      return out;
    }
    out.family = Address::Family::ipv6;
    const std::uint64_t first = to_big(high), second = to_big(low);
    std::memcpy(out.ip.data(), &first, sizeof first);
    std::memcpy(out.ip.data() + sizeof first, &second, sizeof second);
    return out;
  }

  std::uint16_t port() const { return static_cast<std::uint16_t>(port_and_family); }
  Endpoint without_port() const { return {high, low, port_and_family & 0xffff'0000u}; }

  friend constexpr bool operator==(const Endpoint&, const Endpoint&) = default;

 private:
  // Never zero, so that an endpoint of zeros is nobody's.
  static constexpr std::uint32_t kind(Address::Family family) {
    return family == Address::Family::ipv4 ? 4 : 6;
  }
  static constexpr std::uint32_t to_big(std::uint32_t value) {
    return std::endian::native == std::endian::big ? value : __builtin_bswap32(value);
  }
  static constexpr std::uint64_t to_big(std::uint64_t value) {
    return std::endian::native == std::endian::big ? value : __builtin_bswap64(value);
  }
};

// Two rounds of multiply and fold. Not against an adversary: a simulated one gains nothing.
inline std::uint64_t mix(std::uint64_t seed, std::uint64_t value) {
  const std::uint64_t mixed = (seed ^ value) * 0x9e3779b97f4a7c15ull;
  return mixed ^ mixed >> 32;
}
inline std::uint64_t hash_of(const Endpoint& endpoint, std::uint64_t seed) {
  return mix(mix(mix(seed, endpoint.low), endpoint.high), endpoint.port_and_family);
}

}  // namespace kith::sim
