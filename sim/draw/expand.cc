#include "sim/draw/expand.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "sim/draw/activity.h"
#include "sim/draw/chaos.h"
#include "sim/draw/population.h"
#include "sim/world/world.h"

namespace kith::sim {
namespace {

using nlohmann::json;

JsonObject part(const std::string& file, const json& document, const char* key) {
  return {document.at(key), file, std::string("$.") + key};
}

void append(json& list, const json& more) {
  if (list.is_null()) list = json::array();
  for (const json& entry : more) list.push_back(entry);
}

double at_of(const json& fault) {
  return fault.contains("at_s") && fault["at_s"].is_number() ? fault["at_s"].get<double>() : 0;
}

}  // namespace

bool is_drawn(const json& document) {
  return document.is_object() && (document.contains("population") ||
                                  document.contains("activity") || document.contains("chaos"));
}

json expand(const std::string& file, const json& document, std::uint64_t seed) {
  if (!is_drawn(document)) return document;
  const RandomSource random = source_of_seed(seed).fork("scenario");
  json drawn = document;
  Population population;
  if (document.contains("population")) {
    if (document.contains("topology")) {
      refuse(file, "$.topology", "must be left out where there is a \"population\"");
    }
    population = draw_population(part(file, document, "population"), random.fork("population"));
    drawn["topology"] = population.topology;
  }
  if (document.contains("activity")) {
    if (population.pairs.empty()) refuse(file, "$.activity", "needs a \"population\"");
    append(drawn["workload"],
           draw_activity(part(file, document, "activity"), population, random.fork("activity")));
  }
  if (document.contains("chaos")) {
    if (!drawn.contains("topology")) refuse(file, "$", "the key \"topology\" is missing");
    append(drawn["faults"],
           draw_chaos(part(file, document, "chaos"), drawn["topology"], random.fork("chaos")));
    std::stable_sort(drawn["faults"].begin(), drawn["faults"].end(),
                     [](const json& one, const json& other) { return at_of(one) < at_of(other); });
  }
  for (const char* key : {"population", "activity", "chaos"}) drawn.erase(key);
  return drawn;
}

}  // namespace kith::sim
