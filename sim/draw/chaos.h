#pragma once

// What goes wrong in a topology: of each kind of fault a number, at drawn times and places. All of
// it is over at the end of a period, so that a time of health can follow.

#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

#include "engine/base/random.h"
#include "sim/scenario/json_reader.h"

namespace kith::sim {

// The keys that say how many of a kind there are.
std::vector<std::string_view> chaos_kinds();

// Reads the keys of "chaos" and gives the entries of "faults", not in order of time. `topology` is
// one that can be read (read_topology.h); the run ends after `duration`.
std::vector<nlohmann::json> draw_chaos(JsonObject keys, const nlohmann::json& topology,
                                       Duration duration, RandomSource random);

}  // namespace kith::sim
