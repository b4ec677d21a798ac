#pragma once

// Two hosts that try to reach each other with bare datagrams, by every means there is: what the
// oracle of sim/world/reachability.h has to foresee. Each try has a world of its own.

#include <cstdint>
#include <vector>

#include "sim/world/reachability.h"

namespace kith::sim {

// Where a host is, from there outwards, up to what it shares with the other.
struct PlaceSpec {
  std::vector<SiteSpec> chain;
  bool ipv6 = false;  // there, if nothing is around it
  bool forwarded = false;
};

// Two hosts and what both are inside of, from there outwards. Neither chain: one site for both.
struct PairSpec {
  PlaceSpec first, second;
  std::vector<SiteSpec> shared;
};

// What the oracle says.
Reachability foreseen(const PairSpec& spec);
// By which means the hosts came to an answer. Only dialling and punching are tried by those who
// share a gateway.
Directness probed(const PairSpec& spec, std::uint64_t seed = 0);

}  // namespace kith::sim
