// Every checker sees the bug that is planted for it in a drawn world of twenty devices, no other
// checker takes it for its own, and none says anything of the same worlds without the bug.

#include "tests/sim/planted/planted_bugs.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "engine/base/check.h"
#include "sim/capsule/shrink.h"
#include "sim/scenario/run.h"
#include "sim/swarm/draw_swarm.h"
#include "tests/sim/planted/talk_step.h"
#include "tests/sim/planted/victims.h"

namespace kith::sim {
namespace {

constexpr std::uint64_t kDevices = 20;
// In some drawn worlds nobody sends, or writes, or nothing is removed.
constexpr std::uint64_t kFewSeeds = 12;
constexpr std::size_t kMostTrials = 400;

// What each checker that saw something saw first.
using Seen = std::map<std::string, std::string>;
Scenario drawn(std::uint64_t seed);
Seen violations(std::uint64_t seed, void (*plant)(World&));
std::string too_large(std::uint64_t seed, const PlantedBug& bug);
const Seen& violations_without_bug(std::uint64_t seed);

class PlantedBugs : public ::testing::TestWithParam<PlantedBug> {};

TEST_P(PlantedBugs, is_seen_by_the_right_checker_alone_within_a_few_seeds) {
  const PlantedBug& bug = GetParam();
  std::set<std::string_view> may_see(bug.also.begin(), bug.also.end());
  may_see.insert(bug.checker);
  for (std::uint64_t seed = 1; seed <= kFewSeeds; ++seed) {
    const Seen seen = violations(seed, bug.plant);
    for (const auto& [checker, what] : seen) {
      EXPECT_TRUE(may_see.contains(checker)) << "seed " << seed << ", " << checker << ": " << what;
    }
    EXPECT_THAT(violations_without_bug(seed), ::testing::IsEmpty()) << "seed " << seed;
    if (HasFailure()) return;
    if (!seen.contains(std::string(bug.checker))) continue;
    EXPECT_EQ(too_large(seed, bug), "") << "seed " << seed;
    return;
  }
  FAIL() << bug.checker << " has not seen it in " << kFewSeeds << " worlds";
}

INSTANTIATE_TEST_SUITE_P(Each, PlantedBugs, ::testing::ValuesIn(planted_bugs()),
                         [](const auto& each) { return std::string(each.param.name); });

TEST(PlantedBugsTest, every_checker_has_a_bug_of_its_own) {
  World world(1);
  std::set<std::string_view> found;
  for (const PlantedBug& bug : planted_bugs()) found.insert(bug.checker);
  for (const auto& checker : all_checkers(world)) {
    EXPECT_TRUE(found.contains(checker->name())) << checker->name();
  }
}

// --- helpers ------------------------------------------------------------------------------------

Scenario drawn(std::uint64_t seed) {
  nlohmann::json world = draw_swarm(seed, kDevices);
  world["workload"] = {{{"kind", "talk"}, {"at_s", 20u}, {"from", "device-0"}, {"to", "device-1"}}};
  auto scenario = parse_scenario("planted", world.dump(), talking_handlers(), seed);
  KITH_CHECK_MSG(scenario.has_value(), "{}", scenario.error().message);
  return std::move(*scenario);
}

// What is wrong with the size of the bug's world once it is shrunk: at most a tenth of the events
// are to be left.
std::string too_large(std::uint64_t seed, const PlantedBug& bug) {
  const Scenario scenario = drawn(seed);
  const ShrinkTask task{scenario.document,
                        seed,
                        scenario.duration,
                        {Failure::Kind::violation, std::string(bug.checker), "", {}},
                        talking_handlers()};
  const RunTrial run = [&bug](const Scenario& smaller, std::uint64_t smaller_seed, Duration until) {
    sim::Run world_run(smaller, smaller_seed);
    World& world = world_run.world();
    const bool both = world.device_count() >= 2 && sender(world).name() == "device-0" &&
                      receiver(world).name() == "device-1";
    if (both) bug.plant(world);
    return Trial{world_run.execute(until), ""};
  };
  std::size_t trials = 0;
  const auto shrunk = shrink(task, run, [&trials] { return ++trials <= kMostTrials; });
  if (!shrunk) return shrunk.error().message;
  std::printf(
      "[ SHRUNK   ] %s, seed %llu: %llu of %llu events, %zu devices, %zu faults, %llu runs\n",
      std::string(bug.name).c_str(), static_cast<unsigned long long>(seed),
      static_cast<unsigned long long>(shrunk->after.events),
      static_cast<unsigned long long>(shrunk->before.events), shrunk->after.devices,
      shrunk->after.faults, static_cast<unsigned long long>(shrunk->trials));
  if (shrunk->after.events * 10 <= shrunk->before.events) return "";
  return fmt::format("{} of {} events are left", shrunk->after.events, shrunk->before.events);
}

Seen violations(std::uint64_t seed, void (*plant)(World&)) {
  const Scenario scenario = drawn(seed);
  sim::Run run(scenario, seed);
  if (plant != nullptr) plant(run.world());
  Seen seen;
  for (const Finding& violation : run.execute().violations) {
    seen.emplace(violation.name, violation.value);
  }
  return seen;
}

const Seen& violations_without_bug(std::uint64_t seed) {
  static std::map<std::uint64_t, Seen> known;
  const auto found = known.find(seed);
  return found != known.end() ? found->second
                              : known.emplace(seed, violations(seed, nullptr)).first->second;
}

}  // namespace
}  // namespace kith::sim
