#include "sim/swarm/swarm.h"

#include <fmt/core.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <utility>

#include "engine/base/check.h"
#include "sim/capsule/capsule_file.h"
#include "sim/capsule/verdict.h"
#include "sim/scenario/run.h"
#include "sim/swarm/cpu_time.h"
#include "sim/swarm/draw_swarm.h"
#include "sim/swarm/workers.h"
#include "sim/world/seconds.h"

namespace kith::sim {
namespace {

using nlohmann::json;

std::string line_of(const SwarmOutcome& outcome) {
  json failures = json::array();
  for (const Finding& each : outcome.failures) {
    failures.push_back({{"name", each.name}, {"value", each.value}});
  }
  const json line{{"ok", outcome.ok},
                  {"trace_hash", outcome.trace_hash},
                  {"failures", failures},
                  {"datagrams", outcome.datagrams},
                  {"virtual_s", outcome.virtual_s},
                  {"cpu_s", outcome.cpu_s},
                  {"probes", outcome.probes},
                  {"capsule", outcome.capsule},
                  {"capsule_fault", outcome.capsule_fault}};
  return line.dump(-1, ' ', false, json::error_handler_t::replace);
}

SwarmOutcome outcome_of(std::uint64_t seed, const std::string& line) {
  const json read = json::parse(line);
  SwarmOutcome outcome;
  outcome.seed = seed;
  outcome.ok = read.at("ok");
  outcome.trace_hash = read.at("trace_hash");
  for (const json& each : read.at("failures")) {
    outcome.failures.push_back({each.at("name"), false, each.at("value")});
  }
  outcome.datagrams = read.at("datagrams");
  outcome.virtual_s = read.at("virtual_s");
  outcome.cpu_s = read.at("cpu_s");
  outcome.probes = read.at("probes").get<std::map<std::string, std::uint64_t>>();
  outcome.capsule = read.at("capsule");
  outcome.capsule_fault = read.at("capsule_fault");
  return outcome;
}

void write(const Capsule& capsule, const std::string& directory, SwarmOutcome& outcome) {
  if (directory.empty()) return;
  const std::string path = fmt::format("{}/seed-{}.capsule", directory, capsule.seed);
  const auto written = write_capsule(capsule, path);
  (written ? outcome.capsule : outcome.capsule_fault) = written ? path : written.error().message;
}

}  // namespace

Scenario swarm_scenario(std::uint64_t seed, std::uint64_t devices, const Handlers& handlers) {
  auto scenario = parse_scenario(fmt::format("swarm:{}", devices), draw_swarm(seed, devices).dump(),
                                 handlers, seed);
  KITH_CHECK_MSG(scenario.has_value(), "{}", scenario.error().message);
  return std::move(*scenario);
}

SwarmOutcome run_seed(const SwarmSpec& spec, std::uint64_t seed) {
  const double cpu_before = cpu_seconds();
  const Scenario scenario = spec.scenario(seed);
  Run run(scenario, seed);
  const Report report = run.execute();
  SwarmOutcome outcome;
  outcome.seed = seed;
  outcome.ok = report.ok();
  outcome.trace_hash = report.trace_hash.to_hex();
  outcome.failures = report.violations;
  for (const Finding& expectation : report.expectations) {
    if (expectation.failed()) outcome.failures.push_back(expectation);
  }
  outcome.datagrams = report.datagrams;
  outcome.probes = report.probes;
  outcome.virtual_s = seconds_of(report.virtual_time);
  outcome.cpu_s = cpu_seconds() - cpu_before;
  if (!report.ok()) {
    write(capsule_of(scenario, seed, scenario.duration, report), spec.capsules, outcome);
  }
  return outcome;
}

Result<void> run_swarm(const SwarmSpec& spec,
                       const std::function<void(const SwarmOutcome&)>& on_outcome,
                       const std::function<bool()>& stopped) {
  const auto begun = std::chrono::steady_clock::now();
  std::uint64_t to_come = spec.last_seed - spec.first_seed + 1;
  std::uint64_t next_seed = spec.first_seed;
  const auto next = [&]() -> std::optional<std::uint64_t> {
    const bool late = spec.time && std::chrono::steady_clock::now() - begun >= *spec.time;
    if (to_come == 0 || late) return std::nullopt;
    --to_come;
    return next_seed++;
  };
  const auto work = [&](std::uint64_t seed) { return line_of(run_seed(spec, seed)); };
  const auto done = [&](std::uint64_t seed, const std::optional<std::string>& line,
                        const std::string& death) {
    if (line) return on_outcome(outcome_of(seed, *line));
    SwarmOutcome died;
    died.seed = seed;
    died.death = death;
    const Scenario scenario = spec.scenario(seed);
    write(capsule_of_death(scenario, seed, scenario.duration, death), spec.capsules, died);
    on_outcome(died);
  };
  return Workers::run(spec.jobs, next, work, done, stopped);
}

}  // namespace kith::sim
