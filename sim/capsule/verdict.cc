#include "sim/capsule/verdict.h"

#include <fmt/core.h>

#include <algorithm>

#include "engine/base/text.h"
#include "generated/kith_commit.h"

namespace kith::sim {
namespace {

constexpr std::string_view kKindNames[] = {"violation", "expectation", "end of the process"};

Capsule capsule_without_outcome(const Scenario& scenario, std::uint64_t seed, Duration until) {
  Capsule capsule;
  capsule.commit = KITH_COMMIT;
  capsule.scenario = scenario.name;
  capsule.seed = seed;
  capsule.document = scenario.document;
  capsule.until = std::min(until, scenario.duration);
  return capsule;
}

std::string text_of(const Failure& failure) {
  return fmt::format("{} {}: {}", kKindNames[static_cast<std::size_t>(failure.kind)],
                     printable(failure.name), printable(failure.value));
}

// Those of `some` that are not in `others`, each with a clause about it.
void name_missing(const std::vector<Failure>& some, const std::vector<Failure>& others,
                  std::string_view clause, std::vector<std::string>& into) {
  for (const Failure& each : some) {
    if (std::find(others.begin(), others.end(), each) == others.end()) {
      into.push_back(fmt::format("{}: {}", clause, text_of(each)));
    }
  }
}

}  // namespace

std::vector<Failure> failures_of(const Report& report) {
  std::vector<Failure> failures;
  for (const Finding& violation : report.violations) {
    const auto first =
        std::find_if(report.sightings.begin(), report.sightings.end(),
                     [&](const Sighting& each) { return each.checker == violation.name; });
    failures.push_back({Failure::Kind::violation, violation.name, violation.value,
                        first == report.sightings.end() ? Instant{} : first->at});
  }
  for (const Finding& each : report.expectations) {
    if (each.failed()) failures.push_back({Failure::Kind::expectation, each.name, each.value, {}});
  }
  return failures;
}

Failure death_failure(const std::string& death) {
  return {Failure::Kind::death, kDeathName, death, {}};
}

Capsule capsule_of(const Scenario& scenario, std::uint64_t seed, Duration until,
                   const Report& report) {
  Capsule capsule = capsule_without_outcome(scenario, seed, until);
  capsule.events = report.events;
  capsule.trace_hash = report.trace_hash;
  capsule.failures = failures_of(report);
  return capsule;
}

Capsule capsule_of_death(const Scenario& scenario, std::uint64_t seed, Duration until,
                         const std::string& death) {
  Capsule capsule = capsule_without_outcome(scenario, seed, until);
  capsule.failures = {death_failure(death)};
  return capsule;
}

std::vector<std::string> differences(const Capsule& capsule, const Report& report) {
  std::vector<std::string> found;
  const std::vector<Failure> failures = failures_of(report);
  name_missing(capsule.failures, failures, "failed then and not now", found);
  name_missing(failures, capsule.failures, "fails now and not then", found);
  if (capsule.died()) return found;
  if (report.events != capsule.events) {
    found.push_back(fmt::format("{} events, not {}", report.events, capsule.events));
  }
  if (report.trace_hash != *capsule.trace_hash) {
    found.push_back(fmt::format("the trace hash is {}, not {}", report.trace_hash.to_hex(),
                                capsule.trace_hash->to_hex()));
  }
  return found;
}

std::vector<std::string> differences_of_death(const Capsule& capsule, const std::string& death) {
  std::vector<Failure> failures;
  if (!death.empty()) failures.push_back(death_failure(death));
  std::vector<std::string> found;
  name_missing(capsule.failures, failures, "failed then and not now", found);
  name_missing(failures, capsule.failures, "fails now and not then", found);
  return found;
}

}  // namespace kith::sim
