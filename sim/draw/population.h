#pragma once

// Devices at sites behind the reference population's gateways (sim/nat/population.h), in pairs of
// which one side can be reached: on the same LAN, in the internet, or by a forwarded port. They
// know where, or find out by discovery.

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/random.h"
#include "sim/scenario/json_reader.h"

namespace kith::sim {

struct Population {
  nlohmann::json topology;
  // Names; the second of a pair is the one that can be reached.
  std::vector<std::pair<std::string, std::string>> pairs;
};

// Reads the keys of "population".
Population draw_population(JsonObject keys, RandomSource random);

}  // namespace kith::sim
