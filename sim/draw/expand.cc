#include "sim/draw/expand.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "sim/draw/activity.h"
#include "sim/draw/chaos.h"
#include "sim/draw/population.h"
#include "sim/scenario/read_faults.h"
#include "sim/scenario/read_topology.h"
#include "sim/world/world.h"

namespace kith::sim {
namespace {

using nlohmann::json;

void append(json& list, const json& more) {
  if (list.is_null()) list = json::array();
  for (const json& entry : more) list.push_back(entry);
}

// Refuses what is wrong with the faults of the file while they stand as they do there.
void check_faults(const JsonValue& faults, const TopologySpec& topology, Duration duration) {
  Scenario scenario;
  scenario.topology = topology;
  scenario.duration = duration;
  read_faults(faults, names_of(topology), scenario);
}

}  // namespace

bool is_drawn(const json& document) {
  return document.is_object() && (document.contains("population") ||
                                  document.contains("activity") || document.contains("chaos"));
}

json expand(const std::string& file, const json& document, std::uint64_t seed) {
  if (!is_drawn(document)) return document;
  const RandomSource random = source_of_seed(seed).fork("scenario");
  JsonObject keys(document, file, "$");
  const Duration duration = keys.seconds("duration_s", kLongestRun);
  json drawn = document;
  Population population;
  if (keys.has("population")) {
    if (keys.has("topology")) {
      keys.refuse("topology", "must be left out where there is a \"population\"");
    }
    population = draw_population(keys.at("population").object(), random.fork("population"));
    drawn["topology"] = population.topology;
  }
  if (keys.has("activity")) {
    if (population.pairs.empty()) keys.refuse("activity", "needs a \"population\"");
    if (keys.has("workload")) keys.at("workload").array(0, kMostEntries);
    append(drawn["workload"], draw_activity(keys.at("activity").object(), population, duration,
                                            random.fork("activity")));
  }
  if (keys.has("chaos")) {
    const JsonValue topology = JsonObject(drawn, file, "$").at("topology");
    const TopologySpec known = read_topology(topology.object());
    if (keys.has("faults")) check_faults(keys.at("faults"), known, duration);
    append(drawn["faults"],
           draw_chaos(keys.at("chaos").object(), topology.json(), duration, random.fork("chaos")));
    std::stable_sort(
        drawn["faults"].begin(), drawn["faults"].end(),
        [](const json& one, const json& other) { return one["at_s"] < other["at_s"]; });
  }
  for (const char* key : {"population", "activity", "chaos"}) drawn.erase(key);
  return drawn;
}

}  // namespace kith::sim
