#pragma once

// Names in the DHT: 160 bits of nodes and of what they store, the distance between them (BEP 5),
// and how a node's id must follow its address (BEP 42), so that nobody chooses where he stands.

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>

#include "engine/base/random.h"
#include "kith/address.h"
#include "kith/bytes.h"

namespace kith::dht {

struct NodeId {
  std::array<std::byte, 20> bytes{};

  std::string to_hex() const;
  static NodeId random(RandomSource& random);

  friend constexpr auto operator<=>(const NodeId&, const NodeId&) = default;
};
inline constexpr std::size_t kIdBits = 160;

// Exclusive or: the smaller, the nearer.
NodeId distance(const NodeId& a, const NodeId& b);
// How many leading bits are the same, up to kIdBits.
std::size_t common_bits(const NodeId& a, const NodeId& b);

struct Contact {
  NodeId id;
  Address address;

  friend constexpr auto operator<=>(const Contact&, const Contact&) = default;
};

// An address without its port: what one host is known by.
Address host_of(const Address& address);

// The network an address is in, /24 or /64: what one party is taken to command whole.
struct Prefix {
  Address::Family family = Address::Family::ipv4;
  std::array<std::byte, 8> bytes{};

  friend constexpr auto operator<=>(const Prefix&, const Prefix&) = default;
};
Prefix prefix_of(const Address& address);

// Routable in the internet: not private, loopback, link-local, multicast or reserved
// (RFC 6890, and 100.64.0.0/10 of RFC 6598).
bool is_global(const Address& address);

// CRC-32C (RFC 3720 appendix B.4), which BEP 42 derives ids with.
std::uint32_t crc32c(ByteView bytes);

// An id that conforms to BEP 42 for the address. `seed` is its last byte.
NodeId id_for(const Address& address, std::uint8_t seed, RandomSource& random);

// The first 21 bits of the id follow from the address and the last byte. Addresses that are not
// global conform with every id, as BEP 42 exempts local networks.
bool conforms(const NodeId& id, const Address& address);

}  // namespace kith::dht
