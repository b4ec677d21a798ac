#pragma once

// The scenario of one seed of a swarm: every rate is drawn, and often zero, so that each seed
// stresses few things hard rather than all of them a little. First a time in which things go wrong
// and only safety is asked for, then a time of health in which all must converge.

#include <cstdint>
#include <nlohmann/json_fwd.hpp>

namespace kith::sim {

// With "population", "activity" and "chaos", to be expanded under the same seed. `devices` is even.
nlohmann::json draw_swarm(std::uint64_t seed, std::uint64_t devices);

}  // namespace kith::sim
