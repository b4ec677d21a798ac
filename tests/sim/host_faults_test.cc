// Faults of disks and hosts as scenarios write them: each is read, refused where it is wrong, and
// really takes effect in a run.

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "sim/scenario/run.h"
#include "sim/world/host_clock.h"
#include "tests/sim/failures.h"

namespace kith::sim {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// Two devices pair and alice sends bob a tree of two megabytes from 2 s on, again after each
// failure. `messages`: meanwhile he writes to her.
Result<Scenario> parse_with(const std::string& faults, bool messages = false);
Scenario scenario_with(const std::string& faults, bool messages);

struct Effective {
  const char* fault;
  const char* probe;
  std::uint64_t worlds = 4;  // some are lucky
  bool messages = false;
};

class HostFault : public ::testing::TestWithParam<Effective> {};

// Whatever happens, nothing wrong is published, and what failed is sent again and arrives.
TEST_P(HostFault, takes_effect_and_harms_nothing_that_was_promised) {
  const Scenario scenario = scenario_with(GetParam().fault, GetParam().messages);
  std::uint64_t fired = 0;
  for (std::uint64_t seed = 1; seed <= GetParam().worlds; ++seed) {
    const Report report = sim::Run(scenario, seed).execute();
    EXPECT_TRUE(report.ok()) << "seed " << seed << ": " << text_of_failures(report);
    fired += report.probes.contains(GetParam().probe) ? 1 : 0;
    EXPECT_EQ(report.trace_hash, sim::Run(scenario, seed).execute().trace_hash);
  }
  EXPECT_GT(fired, 0u);
}

INSTANTIATE_TEST_SUITE_P(
    All, HostFault,
    ::testing::Values(
        Effective{R"("kind": "kill", "device": "bob", "down_s": 1)", "kill"},
        Effective{R"("kind": "crash", "device": "bob", "down_s": 1)", "crash"},
        // Mostly the name is lost with what was written under it.
        Effective{R"("kind": "crash_at_effect", "device": "bob", "effect": "file", "nth": 100,
                     "moment": "after", "ending": "crash", "torn_sectors": true, "down_s": 1)",
                  "torn_write", 10},
        Effective{R"("kind": "crash_at_effect", "device": "bob", "effect": "file", "nth": 2,
                     "moment": "during", "down_s": 1)",
                  "crash_at_effect"},
        Effective{R"("kind": "pause", "device": "bob", "for_s": 3)", "pause_late_datagram"},
        Effective{R"("kind": "pause", "device": "bob", "for_s": 3, "buffer_bytes": 0,
                     "monotonic_clock": "stops")",
                  "pause_lost_datagram"},
        Effective{R"("kind": "clock_rate", "device": "bob", "ppm": -90000)", "clock_rate"},
        Effective{R"("kind": "clock_jump", "device": "bob", "by_s": -86400)", "clock_jump"},
        Effective{R"("kind": "send_errors", "device": "bob", "for_s": 2)", "send_error"},
        Effective{R"("kind": "bit_rot", "device": "alice", "path": "any")", "bit_rot"},
        Effective{R"("kind": "disk_full", "device": "bob", "for_s": 2)", "disk_full"},
        Effective{R"("kind": "disk_error", "device": "bob", "operation": "sync", "nth": 1)",
                  "lost_page"},
        Effective{R"("kind": "disk_error", "device": "bob", "operation": "any", "for_s": 2)",
                  "disk_error"},
        Effective{R"("kind": "store_error", "device": "bob", "error": "io_error", "nth": 1)",
                  "store_error", 4, true},
        Effective{R"("kind": "store_error", "device": "bob", "error": "no_space", "for_s": 2)",
                  "store_error", 4, true},
        Effective{R"("kind": "disk_slow", "device": "bob", "for_s": 5, "factor": 100)",
                  "disk_slow"}));

struct Wrong {
  const char* fault;
  const char* key;  // beneath $.faults[0]
  const char* reason;
};

class HostFaultRefusal : public ::testing::TestWithParam<Wrong> {};

TEST_P(HostFaultRefusal, says_where_and_why) {
  const auto scenario = parse_with(GetParam().fault);
  ASSERT_FALSE(scenario);
  EXPECT_THAT(scenario.error().message,
              AllOf(StartsWith(std::string("small.json: $.faults[0]") + GetParam().key + ": "),
                    HasSubstr(GetParam().reason)));
}

INSTANTIATE_TEST_SUITE_P(
    All, HostFaultRefusal,
    ::testing::Values(
        Wrong{R"("kind": "crash", "device": "bob", "down_s": 1, "torn": true)", ".torn",
              "unknown key"},
        Wrong{R"("kind": "crash_at_effect", "device": "bob", "effect": "files", "moment": "after",
                 "down_s": 1)",
              ".effect", "must be one of: store_commit, file"},
        Wrong{R"("kind": "crash_at_effect", "device": "bob", "effect": "datagram_sent",
                 "moment": "during", "down_s": 1)",
              ".moment", "a datagram has no middle"},
        Wrong{R"("kind": "pause", "device": "bob", "for_s": -1)", ".for_s", "negative"},
        Wrong{R"("kind": "pause", "device": "bob", "for_s": 0)", ".for_s", "must be above 0"},
        Wrong{R"("kind": "pause", "device": "carol", "for_s": 1)", ".device",
              "no device is named \"carol\""},
        Wrong{R"("kind": "clock_rate", "device": "bob", "ppm": -100001)", ".ppm",
              "must be at most 100000"},
        Wrong{R"("kind": "clock_rate", "device": "bob", "ppm": 1.5)", ".ppm", "whole number"},
        Wrong{R"("kind": "clock_jump", "device": "bob", "by_s": "-1")", ".by_s",
              "must be a number, not a string"},
        Wrong{R"("kind": "send_errors", "device": "bob")", "", "\"for_s\" is missing"},
        Wrong{R"("kind": "bit_rot", "device": "bob", "path": "inbox")", ".path", "absolute path"},
        Wrong{R"("kind": "disk_full", "device": "bob", "for_s": true)", ".for_s",
              "must be a number"},
        Wrong{R"("kind": "disk_error", "device": "bob", "operation": "seek", "nth": 1)",
              ".operation", "must be one of: any, read, write, sync, rename"},
        Wrong{R"("kind": "disk_error", "device": "bob", "operation": "any")", "",
              "needs \"nth\" or \"for_s\""},
        Wrong{R"("kind": "store_error", "device": "bob", "error": "refused", "nth": 1)", ".error",
              "must be one of: io_error, no_space"},
        Wrong{R"("kind": "store_error", "device": "bob", "error": "io_error")", "",
              "needs \"nth\" or \"for_s\""},
        Wrong{R"("kind": "crash_at_effect", "device": "bob", "effect": "file", "moment": "after",
                 "down_s": 1, "for_s": 0)",
              ".for_s", "must be above 0"},
        Wrong{R"("kind": "disk_slow", "device": "bob", "for_s": 1, "factor": 1)", ".factor",
              "must be from 2 to"}));

TEST(HostClock, keeps_the_time_of_the_world_until_something_happens_to_it) {
  const HostClock clock;
  EXPECT_EQ(clock.monotonic(Instant{7}), Instant{7});
  EXPECT_EQ(clock.world_at(Instant{7}), Instant{7});
}

TEST(HostClock, a_fast_clock_gains_and_what_it_will_show_is_found_exactly) {
  for (const std::int32_t ppm : {-100'000, -37, 1, 250, 100'000}) {
    HostClock clock;
    clock.change_rate(Instant{} + seconds(10), ppm);
    EXPECT_EQ(clock.monotonic(Instant{} + seconds(10)), Instant{} + seconds(10));
    EXPECT_EQ(clock.monotonic(Instant{} + seconds(20)),
              Instant{} + seconds(20) + microseconds(10 * ppm));
    for (const Instant local : {Instant{10'000'000'001}, Instant{} + hours(8000)}) {
      const Instant reached = clock.world_at(local);
      EXPECT_GE(clock.monotonic(reached), local) << ppm;
      EXPECT_LT(clock.monotonic(reached - Duration{1}), local) << ppm;
    }
  }
}

TEST(HostClock, the_monotonic_clock_stands_still_in_sleep_and_the_wall_clock_does_not) {
  HostClock clock;
  clock.fall_asleep(Instant{} + seconds(5));
  clock.wake(Instant{} + hours(3));
  EXPECT_EQ(clock.monotonic(Instant{} + hours(3) + seconds(1)), Instant{} + seconds(6));
  EXPECT_EQ(clock.wall(Instant{} + hours(3)), hours(3));
}

TEST(HostClock, setting_the_wall_clock_leaves_the_monotonic_one_alone) {
  HostClock clock;
  clock.set_wall(Instant{} + seconds(5), -hours(1));
  EXPECT_EQ(clock.monotonic(Instant{} + seconds(6)), Instant{} + seconds(6));
  EXPECT_EQ(clock.wall(Instant{} + seconds(6)), seconds(6) - hours(1));
}

// --- helpers ------------------------------------------------------------------------------------

Result<Scenario> parse_with(const std::string& faults, bool messages) {
  const std::string step = R"(,
      { "kind": "message", "name": "words", "at_s": 2, "from": "bob", "to": "alice", "count": 10,
        "every_ms": 300 })";
  const std::string expectation = R"(,
      { "kind": "all_messages_delivered", "within_s": 110 })";
  const std::string text = R"({
    "version": 1, "duration_s": 120,
    "topology": {
      "devices": [{ "name": "alice" }, { "name": "bob", "disk": { "sync_ms": 200 } }],
      "links": [{ "between": ["alice", "bob"], "delay_ms": 10, "rate_mbps": 8 }]
    },
    "workload": [
      { "kind": "pair", "at_s": 1, "initiator": "alice", "joiner": "bob" },
      { "kind": "send", "name": "it", "at_s": 2, "from": "alice", "to": "bob", "retry_s": 1,
        "content": { "tree": "a", "files": 50, "most_bytes": 80000 } })" +
                           (messages ? step : "") + R"(
    ],
    "faults": [{ "at_s": 3, )" +
                           faults +
                           R"( }],
    "expectations": [
      { "kind": "transfer_completed", "send": "it", "within_s": 110 },
      { "kind": "digest_equal", "send": "it" },
      { "kind": "no_violations" })" +
                           (messages ? expectation : "") + R"(
    ]
  })";
  return parse_scenario("small.json", text, built_in_handlers(), 1);
}

Scenario scenario_with(const std::string& faults, bool messages) {
  auto scenario = parse_with(faults, messages);
  EXPECT_TRUE(scenario) << scenario.error().message;
  return scenario ? *scenario : Scenario{};
}

}  // namespace
}  // namespace kith::sim
