#pragma once

// What the pairs of a population do: they pair, write to each other and send files.

#include <nlohmann/json.hpp>

#include "engine/base/random.h"
#include "sim/draw/population.h"
#include "sim/scenario/json_reader.h"

namespace kith::sim {

// Reads the keys of "activity" and gives the steps of a workload. The run ends after `duration`.
nlohmann::json draw_activity(JsonObject keys, const Population& population, Duration duration,
                             RandomSource random);

}  // namespace kith::sim
