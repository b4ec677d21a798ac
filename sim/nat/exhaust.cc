#include "sim/nat/exhaust.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace kith::sim {
namespace {

// Ports that each of the hosts sends from: none that a mapping has. A NAT that gives two hosts one
// port and admits everybody hands what comes there to the newer of them, for as long as it comes,
// and most applications fail behind it (RFC 4787 section 4.2.1); a full table is something else.
std::vector<std::uint16_t> ports_of_nobody(const Nat& nat) {
  constexpr std::uint16_t kFirst = 1024, kEnd = 61'024;
  std::vector<std::uint16_t> ports;
  for (std::uint16_t port = kFirst; port < kEnd; ++port) {
    if (!nat.is_taken(port)) ports.push_back(port);
  }
  return ports;
}

}  // namespace

void exhaust(Nat& nat, Instant now) {
  const std::vector<std::uint16_t> ports = ports_of_nobody(nat);
  if (ports.empty()) return;
  const Address remote = Address::v4(9, 9, 9, 9, 443);
  for (std::size_t i = 0; i < nat.spec().table_size; ++i) {
    const std::size_t host = i / ports.size();
    const Address inside = Address::v4(10, 255, static_cast<std::uint8_t>(host >> 8),
                                       static_cast<std::uint8_t>(host), ports[i % ports.size()]);
    if (nat.outbound(now, inside, remote).drop != NatDrop::none) return;
  }
}

}  // namespace kith::sim
