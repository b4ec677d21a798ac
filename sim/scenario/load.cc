#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "sim/draw/expand.h"
#include "sim/scenario/check_workload.h"
#include "sim/scenario/read_faults.h"
#include "sim/scenario/read_file.h"
#include "sim/scenario/read_links.h"
#include "sim/scenario/read_topology.h"
#include "sim/scenario/scenario.h"

namespace kith::sim {
namespace {

std::vector<ScheduledStep> read_workload(const JsonValue& value, const Names& names,
                                         const Handlers& handlers, Duration duration) {
  std::vector<ScheduledStep> steps;
  for (const JsonValue& entry : value.array(0, kMostEntries)) {
    JsonObject keys = entry.object();
    const JsonValue kind = keys.at("kind");
    const auto reader = handlers.steps.find(kind.text());
    if (reader == handlers.steps.end()) {
      std::vector<std::string_view> known;
      for (const auto& [name, unused] : handlers.steps) known.push_back(name);
      kind.refuse_unknown("kind of step", known);
    }
    ScheduledStep step;
    step.kind = kind.text();
    step.name = keys.has("name") ? keys.at("name").text() : "";
    step.at = keys.seconds_or("at_s", duration, {}, "duration_s");
    const bool taken = !step.name.empty() &&
                       std::any_of(steps.begin(), steps.end(),
                                   [&](const auto& other) { return other.name == step.name; });
    if (taken) keys.refuse("name", "another step has this name");
    step.make = reader->second(keys, names);
    keys.done();
    steps.push_back(std::move(step));
  }
  check_pairs(value, names);
  return steps;
}

std::vector<Expectation> read_expectations(const JsonValue& value, const Names& names,
                                           const Scenario& scenario) {
  std::vector<Expectation> expectations;
  for (const JsonValue& entry : value.array(1, kMostEntries)) {
    JsonObject keys = entry.object();
    const JsonValue kind = keys.at("kind");
    Expectation expectation{kind.text(), NoViolationsExpectation{}};
    if (kind.text() == "paired") {
      const JsonValue devices = keys.at("devices");
      const auto [first, second] = read_between(devices, names);
      expectation.what = PairedExpectation{
          first, second, keys.seconds("within_s", scenario.duration, "duration_s")};
    } else if (kind.text() == "transfer_completed") {
      expectation.what =
          TransferExpectation{read_step_name(keys.at("send"), scenario.workload, "send"),
                              keys.seconds("within_s", scenario.duration, "duration_s")};
    } else if (kind.text() == "digest_equal") {
      expectation.what =
          DigestExpectation{read_step_name(keys.at("send"), scenario.workload, "send")};
    } else if (kind.text() == "messages_delivered") {
      expectation.what =
          MessagesExpectation{read_step_name(keys.at("messages"), scenario.workload, "message"),
                              keys.seconds("within_s", scenario.duration, "duration_s")};
    } else if (kind.text() == "all_paired") {
      check_any(entry, scenario.workload, "pair");
      expectation.what =
          AllPairedExpectation{keys.seconds("within_s", scenario.duration, "duration_s")};
    } else if (kind.text() == "all_transfers_completed") {
      check_any(entry, scenario.workload, "send");
      expectation.what =
          AllTransfersExpectation{keys.seconds("within_s", scenario.duration, "duration_s")};
    } else if (kind.text() == "all_messages_delivered") {
      check_any(entry, scenario.workload, "message");
      expectation.what =
          AllMessagesExpectation{keys.seconds("within_s", scenario.duration, "duration_s")};
    } else if (kind.text() != "no_violations") {
      kind.refuse_unknown(
          "kind of expectation",
          {"paired", "transfer_completed", "digest_equal", "messages_delivered", "all_paired",
           "all_transfers_completed", "all_messages_delivered", "no_violations"});
    }
    keys.done();
    expectations.push_back(std::move(expectation));
  }
  return expectations;
}

Scenario read_scenario(const std::string& file, const nlohmann::json& json,
                       const Handlers& handlers) {
  JsonObject keys(json, file, "$");
  keys.at("version").integer(kScenarioVersion, kScenarioVersion);
  Scenario scenario;
  scenario.name = std::filesystem::path(file).stem().string();
  scenario.path = file;
  scenario.document = json.dump();
  scenario.description = keys.text_or("description", "");
  scenario.duration = keys.seconds("duration_s", kLongestRun);

  scenario.topology = read_topology(keys.at("topology").object());
  for (DeviceSpec& device : scenario.topology.devices) {
    device.engine.protocols = handlers.protocols;
  }
  scenario.checkers = handlers.checkers;
  const Names names = names_of(scenario.topology);
  scenario.workload = read_workload(keys.at("workload"), names, handlers, scenario.duration);
  if (keys.has("faults")) scenario.faults = read_faults(keys.at("faults"), names, scenario);
  scenario.expectations = read_expectations(keys.at("expectations"), names, scenario);
  for (const char* drawn : {"population", "activity", "chaos"}) keys.has(drawn);  // known, and gone
  keys.done();
  return scenario;
}

}  // namespace

Result<Scenario> parse_scenario(const std::string& file, const std::string& text,
                                const Handlers& handlers, std::uint64_t seed) {
  try {
    return read_scenario(file, expand(file, parse_json(file, text), seed), handlers);
  } catch (const JsonRefusal& refusal) {
    return failure(ErrorCode::invalid_argument, refusal.message,
                   "schemas/scenario.md describes every key.");
  }
}

Result<Scenario> load_scenario(const std::string& path, const Handlers& handlers,
                               std::uint64_t seed) {
  const auto text = read_file(path);
  if (!text) return tl::unexpected(text.error());
  return parse_scenario(path, *text, handlers, seed);
}

}  // namespace kith::sim
