#pragma once

// Hosts and NATs without a network: what tests of NATs send through them.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "sim/nat/nat.h"

namespace kith::sim {

inline DrawStream draws(std::uint64_t index = 0) {
  return DrawStream(RandomSource(std::array<std::byte, 32>{}).fork("nat", index));
}

inline Instant at(Duration since_start) { return Instant{} + since_start; }

inline const Address kPublicIp = Address::v4(203, 0, 113, 1, 0);
inline Address inside(std::uint8_t host, std::uint16_t port) {
  return Address::v4(192, 168, 1, host, port);
}
inline Address outside(std::uint8_t host, std::uint16_t port) {
  return Address::v4(198, 51, 100, host, port);
}
inline Address with_port(Address address, std::uint16_t port) {
  address.port = port;
  return address;
}

inline Nat make_nat(const NatSpec& spec, std::uint64_t index = 0) {
  std::vector<Address> ips;
  if (spec.translate) ips = {kPublicIp};
  return Nat(spec, std::move(ips), draws(index));
}

// Sent from inside: what the outside saw as source, if it arrived.
inline std::optional<Address> sent(Nat& nat, Instant now, const Address& from, const Address& to) {
  const Nat::Outbound out = nat.outbound(now, from, to);
  return out.drop == NatDrop::none ? std::optional(out.source) : std::nullopt;
}

// Sent from outside: where inside it arrived, if it did.
inline std::optional<Address> received(Nat& nat, Instant now, const Address& external,
                                       const Address& from) {
  const Nat::Inbound in = nat.inbound(now, external, from);
  return in.drop == NatDrop::none ? std::optional(in.destination) : std::nullopt;
}

}  // namespace kith::sim
