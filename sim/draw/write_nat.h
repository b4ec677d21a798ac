#pragma once

// A gateway as scenarios write it: the opposite of read_nat.

#include <nlohmann/json.hpp>

#include "sim/nat/nat_spec.h"

namespace kith::sim {

nlohmann::json write_nat(const NatSpec& nat);

}  // namespace kith::sim
