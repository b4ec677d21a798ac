#pragma once

// Where the node lives, which decides how addresses are counted.

#include <cstddef>
#include <cstdint>

#include "engine/discovery/dht/node_id.h"

namespace kith::dht {

enum class Scope : std::uint8_t {
  internet,  // contacts with addresses that are not global are dropped
  local,     // such addresses are allowed and, unlike global ones, free of quotas: a laboratory
};

// One party rents addresses by the network: what it can put into a table, and into a lookup. The
// closest 8 are then of 8 networks.
inline constexpr std::size_t kNodesPerPrefix = 2;
inline constexpr std::size_t kCandidatesPerPrefix = 1;

inline bool is_usable(const Address& address, Address::Family family, Scope scope) {
  return address.port != 0 && address.family == family && address.scope == 0 &&
         !address.is_unspecified() && (scope == Scope::local || is_global(address));
}

// One node per address, or per port of it where nobody counts.
inline Address host_in(const Address& address, Scope scope) {
  return scope == Scope::local && !is_global(address) ? address : host_of(address);
}

inline bool counts_by_prefix(const Address& address, Scope scope) {
  return scope == Scope::internet || is_global(address);
}

}  // namespace kith::dht
