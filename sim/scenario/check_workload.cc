#include "sim/scenario/check_workload.h"

#include <fmt/core.h>

#include <algorithm>
#include <set>
#include <utility>

#include "sim/scenario/suggest.h"

namespace kith::sim {
namespace {

bool ships(std::string_view kind) {
  static const Handlers shipped = built_in_handlers();
  return shipped.steps.contains(std::string(kind));
}

bool may_do(const ScheduledStep& step, std::string_view kind) {
  return step.kind == kind || !ships(step.kind);
}

using Pair = std::pair<DeviceIndex, DeviceIndex>;

Pair in_order(const Pair& pair) { return std::minmax(pair.first, pair.second); }

}  // namespace

void check_pairs(const JsonValue& workload, const Names& names) {
  const std::vector<JsonValue> steps = workload.array(0, kMostEntries);
  std::set<Pair> paired;
  for (const JsonValue& step : steps) {
    JsonObject keys = step.object();
    const std::string kind = keys.at("kind").text();
    if (!ships(kind)) return;
    if (kind != "pair") continue;
    paired.insert(in_order(names.two_devices(keys.at("initiator"), keys.at("joiner"))));
  }
  for (const JsonValue& step : steps) {
    JsonObject keys = step.object();
    const std::string kind = keys.at("kind").text();
    if (kind != "send" && kind != "message") continue;
    const JsonValue from = keys.at("from");
    const JsonValue to = keys.at("to");
    if (!paired.contains(in_order(names.two_devices(from, to)))) {
      step.refuse(fmt::format("no step pairs \"{}\" and \"{}\"", from.text(), to.text()));
    }
  }
}

std::string read_step_name(const JsonValue& value, const std::vector<ScheduledStep>& workload,
                           std::string_view kind) {
  const std::string name = value.text();
  const auto step = std::find_if(workload.begin(), workload.end(),
                                 [&name](const auto& each) { return each.name == name; });
  if (step != workload.end()) {
    if (may_do(*step, kind)) return name;
    value.refuse(
        fmt::format("\"{}\" is a step of kind \"{}\", not \"{}\"", name, step->kind, kind));
  }
  std::vector<std::string_view> known;
  for (const ScheduledStep& each : workload) {
    if (!each.name.empty() && may_do(each, kind)) known.push_back(each.name);
  }
  value.refuse(
      fmt::format("no step of the workload is named \"{}\"{}", name, suggest(name, known)));
}

void check_any(const JsonValue& expectation, const std::vector<ScheduledStep>& workload,
               std::string_view kind) {
  const bool any = std::any_of(workload.begin(), workload.end(),
                               [kind](const auto& step) { return may_do(step, kind); });
  if (!any) expectation.refuse(fmt::format("the workload has no step of kind \"{}\"", kind));
}

}  // namespace kith::sim
