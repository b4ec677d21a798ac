#pragma once

// Gateways as scenarios write them: the name of a kind, or the axes of one.

#include "sim/nat/nat_spec.h"
#include "sim/scenario/json_reader.h"

namespace kith::sim {

// A NAT, or a firewall where nothing is translated.
NatSpec read_nat(const JsonValue& value, bool translates);

}  // namespace kith::sim
