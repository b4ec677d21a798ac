#pragma once

// What a swarm that is long enough has seen: every fault that took effect at least once, every
// kind of gateway that something passed. One that never fires is a fault that tests nothing.

#include <string>
#include <vector>

namespace kith::sim {

std::vector<std::string> expected_probes();

}  // namespace kith::sim
