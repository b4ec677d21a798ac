#pragma once

// Whether two places on a network can exchange datagrams with nobody between them, and what it
// takes: the answer that runs are measured against, from what the gateways are alone.
//
//   dial      one sends to an address that the other is known by, and gets an answer
//   punch     both send to each other at once, to these and to where servers hear the other
//   predict   the same, when each tells which port its gateway will give next
//   birthday  the same, when one tries many ports of the other, which uses many (bounded luck)
//   relay     nothing of this helps
//
// The best timing is assumed, and nobody else's traffic: a gateway that unsolicited datagrams
// poison costs nothing here, links are up, tables have room, bindings live. Places that are not
// connected are not reached. What a gateway with several addresses leaves to chance (arbitrary
// pooling) counts only where it does not matter. Of a gateway that both are behind, both take ports
// at once, and neither predicts nor guesses; if it gives both one port (preserve_overload), who
// gets what comes to it depends on more than is looked at here. It does not own: how an engine does
// any of this.

#include <cstdint>
#include <string>
#include <string_view>

#include "sim/world/topology.h"

namespace kith::sim {

// In the order of effort.
enum class Directness : std::uint8_t { dial, punch, predict, birthday, relay };
std::string_view to_string(Directness directness);

struct Reachability {
  Directness how = Directness::relay;
  Address::Family family = Address::Family::ipv4;  // meaningless for a relay
  // One sentence for a person, such as "punch over IPv4: both map by endpoint only and filter by
  // address and port". The two are "the first" and "the second" there.
  std::string reason;
};

Reachability can_be_direct(const Topology& topology, const Attachment& first,
                           const Attachment& second);

}  // namespace kith::sim
