#pragma once

// Hosts inside a NAT that nobody else sees open flows until its table is full or it has no port
// left. They do not answer, and want nothing that is another's.

#include "kith/time.h"
#include "sim/nat/nat.h"

namespace kith::sim {

void exhaust(Nat& nat, Instant now);

}  // namespace kith::sim
