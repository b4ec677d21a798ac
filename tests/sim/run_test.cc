// Whole runs with real engines.

#include "sim/scenario/run.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "tests/sim/failures.h"

namespace kith::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Two devices pair and one sends 256 KiB over a bad link.
const Scenario& small_scenario();
Scenario scenario_with(const std::string& faults, const std::string& content,
                       const std::string& link);

TEST(Run, two_devices_pair_and_send_over_a_bad_link) {
  const Report report = sim::Run(small_scenario(), 1).execute();
  EXPECT_TRUE(report.ok()) << text_of_failures(report);
  EXPECT_EQ(report.devices, 2u);
  EXPECT_EQ(report.virtual_time, small_scenario().duration);
  EXPECT_GT(report.datagrams, 180u);
  EXPECT_GT(report.events, report.datagrams);
  EXPECT_EQ(report.expectations.size(), 4u);
}

TEST(Run, equal_seeds_give_equal_hashes_and_different_seeds_different_ones) {
  std::set<Digest> hashes;
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    const Report first = sim::Run(small_scenario(), seed).execute();
    const Report second = sim::Run(small_scenario(), seed).execute();
    EXPECT_EQ(first.trace_hash, second.trace_hash) << "seed " << seed;
    EXPECT_EQ(first.events, second.events);
    hashes.insert(first.trace_hash);
  }
  EXPECT_EQ(hashes.size(), 4u);
}

// The bit is one of a packet that authentication discards: nothing else of the run need change.
TEST(Run, one_flipped_bit_in_one_delivered_datagram_gives_another_hash) {
  const auto run = [](std::uint64_t flipped) {
    sim::Run world_run(small_scenario(), 1);
    std::uint64_t delivered = 0;
    world_run.world().network().set_delivery_tap(
        [&delivered, flipped](Instant, NodeId, std::span<std::byte> datagram) {
          if (++delivered == flipped) datagram[datagram.size() / 2] ^= std::byte{4};
        });
    return world_run.execute();
  };
  const Report untouched = run(0);
  EXPECT_EQ(untouched.trace_hash, sim::Run(small_scenario(), 1).execute().trace_hash);
  for (const std::uint64_t flipped : {1u, 10u, 100u, 180u}) {
    const Report touched = run(flipped);
    EXPECT_NE(touched.trace_hash, untouched.trace_hash) << "datagram " << flipped;
    EXPECT_TRUE(touched.ok()) << text_of_failures(touched);
  }
}

TEST(Run, can_end_earlier_than_the_scenario) {
  const Report report = sim::Run(small_scenario(), 1).execute(milliseconds(500));
  EXPECT_EQ(report.virtual_time, milliseconds(500));
  EXPECT_TRUE(report.ok()) << text_of_failures(report);
  EXPECT_FALSE(report.expectations[0].ok);
  EXPECT_TRUE(report.expectations[0].open);
}

TEST(Run, a_tree_arrives_with_everything_in_it) {
  const Scenario scenario =
      scenario_with("", R"("tree": "photos", "files": 40, "directories": 9, "most_bytes": 20000)",
                    R"("delay_ms": 5)");
  const Report report = sim::Run(scenario, 3).execute();
  EXPECT_TRUE(report.ok()) << text_of_failures(report);
}

TEST(Run, a_slow_interface_holds_datagrams_back_and_loses_none) {
  Scenario scenario = scenario_with("", R"("file": "a", "size_bytes": 200000)", R"("delay_ms": 5)");
  scenario.topology.devices[0].interface = {10'000'000, 5'000, {}};
  scenario.topology.devices[1].interface.receive_batch = std::chrono::microseconds(200);
  sim::Run run(scenario, 1);
  const Report report = run.execute();
  EXPECT_TRUE(report.ok()) << text_of_failures(report);
  EXPECT_EQ(run.world().network().counters().fate(Fate::queue_full), 0u);
  // It was full: or this would say nothing.
  EXPECT_LT(run.world().network().counters().batches, report.datagrams);
}

TEST(Run, a_partition_that_heals_leaves_a_transfer_that_completes) {
  const Scenario scenario = scenario_with(
      R"("faults": [
        { "kind": "link", "at_s": 2.05, "between": ["alice", "bob"], "up": false },
        { "kind": "link", "at_s": 5, "between": ["alice", "bob"], "up": true }],)",
      R"("file": "a", "size_bytes": 2000000)", R"("delay_ms": 20, "rate_mbps": 50)");
  const Report report = sim::Run(scenario, 1).execute();
  EXPECT_TRUE(report.ok()) << text_of_failures(report);
}

// Whatever a death interrupts, nothing partial shows and nothing is acknowledged that is not there.
TEST(Run, a_death_at_any_time_of_a_transfer_violates_nothing) {
  std::size_t completed = 0;
  for (const char* device : {"alice", "bob"}) {
    for (const char* kind : {"kill", "crash"}) {
      for (const char* at : {"1.02", "1.06", "2.03", "2.06", "2.1", "2.15", "2.2", "2.25"}) {
        const Scenario scenario = scenario_with(
            fmt::format(
                R"("faults": [{{ "kind": "{}", "at_s": {}, "device": "{}", "down_s": 1 }}],)", kind,
                at, device),
            R"("file": "a", "size_bytes": 1000000)", R"("delay_ms": 10, "rate_mbps": 50)");
        sim::Run run(scenario, 1);
        const Report report = run.execute();
        EXPECT_TRUE(report.violations.empty())
            << kind << " " << device << " at " << at << ": " << text_of_failures(report);
        for (DeviceIndex i = 0; i < 2; ++i) EXPECT_TRUE(run.world().device(i).running());
        EXPECT_EQ(run.world().device(0).lives() + run.world().device(1).lives(), 3u);
        if (report.ok()) ++completed;
      }
    }
  }
  // Deaths came early enough to interrupt some transfers.
  EXPECT_LT(completed, 32u);
}

// Who replaces what an engine has written to its hidden file, before the engine publishes it: a
// planted fault in the world that checkers must see through a real engine.
class Vandal final : public Observer {
 public:
  void on_file_done(Device& device, Instant, const FileRequest& request,
                    const Result<FileOutcome>&) override {
    const auto* sync = std::get_if<FileSync>(&request);
    const auto path = sync == nullptr ? std::nullopt : device.disk().path_of(sync->handle);
    if (!path) return;
    const std::string absolute = path->base + "/" + path->relative;
    Bytes content = *device.disk().content(absolute);
    const FileInfo info = *device.disk().info(absolute);
    content[content.size() / 2] ^= std::byte{1};
    device.disk().make_file(absolute, content, info.mode, info.modified_ns);
    vandalised = true;
  }
  bool vandalised = false;
};

TEST(Run, checkers_see_a_disk_that_alters_what_was_written) {
  sim::Run run(small_scenario(), 1);
  Vandal vandal;
  run.world().add_observer(vandal);
  const Report report = run.execute();
  ASSERT_TRUE(vandal.vandalised);
  std::set<std::string> violated;
  for (const Finding& finding : report.violations) {
    EXPECT_FALSE(finding.ok);
    violated.insert(finding.name);
  }
  EXPECT_THAT(violated, ::testing::IsSupersetOf({"published_equals_source", "no_partial_content"}));
  EXPECT_FALSE(report.ok());
}

TEST(Run, an_expectation_that_is_missed_says_why) {
  const Scenario scenario =
      scenario_with("", R"("file": "a", "size_bytes": 1000)", R"("up": false)");
  const Report report = sim::Run(scenario, 1).execute();
  EXPECT_FALSE(report.ok());
  EXPECT_TRUE(report.violations.empty());
  EXPECT_THAT(report.expectations[0].value, ::testing::HasSubstr("bob: unreachable"));
  EXPECT_EQ(report.expectations[1].value, "never begun; they are not paired");
}

TEST(Run, who_never_came_together_is_told_what_the_network_would_have_let_them_do) {
  const auto scenario = parse_scenario("apart.json", R"({ "version": 1, "duration_s": 30,
    "topology": { "sites": [{ "name": "home", "nat": "symmetric" },
                            { "name": "inn", "nat": "udp_blocked" }],
                  "devices": [{ "name": "alice", "networks": [{ "site": "home" }] },
                              { "name": "bob", "networks": [{ "site": "inn" }] }] },
    "workload": [{ "kind": "pair", "initiator": "alice", "joiner": "bob" }],
    "faults": [{ "at_s": 25, "kind": "kill", "device": "bob", "down_s": 60 }],
    "expectations": [{ "kind": "all_paired", "within_s": 30 }] })",
                                       built_in_handlers(), 1);
  ASSERT_TRUE(scenario) << scenario.error().message;
  const Report report = sim::Run(*scenario, 1).execute();
  EXPECT_THAT(report.expectations[0].value, ::testing::HasSubstr("; bob is down"));
  EXPECT_THAT(report.expectations[0].value, ::testing::HasSubstr("; by the network: relay"));
}

// --- helpers ------------------------------------------------------------------------------------

Scenario scenario_with(const std::string& faults, const std::string& content,
                       const std::string& link) {
  const std::string text = R"({
    "version": 1, "duration_s": 40,
    "topology": {
      "devices": [{ "name": "alice" }, { "name": "bob" }],
      "links": [{ "between": ["alice", "bob"], )" +
                           link + R"( }]
    },
    "workload": [
      { "kind": "pair", "at_s": 1, "initiator": "alice", "joiner": "bob" },
      { "kind": "send", "name": "it", "at_s": 2, "from": "alice", "to": "bob",
        "content": { )" + content +
                           R"( } }
    ],
    )" + faults + R"(
    "expectations": [
      { "kind": "paired", "devices": ["alice", "bob"], "within_s": 20 },
      { "kind": "transfer_completed", "send": "it", "within_s": 35 },
      { "kind": "digest_equal", "send": "it" },
      { "kind": "no_violations" }
    ]
  })";
  auto scenario = parse_scenario("small.json", text, built_in_handlers(), 1);
  EXPECT_TRUE(scenario) << scenario.error().message;
  return scenario ? *scenario : Scenario{};
}

const Scenario& small_scenario() {
  static const Scenario scenario =
      scenario_with("", R"("file": "a", "size_bytes": 262144)",
                    R"("rate_mbps": 20, "delay_ms": 10, "jitter_ms": 1, "loss_percent": 5,
         "duplicate_percent": 1, "reorder_percent": 2, "reorder_delay_ms": 10)");
  return scenario;
}

}  // namespace
}  // namespace kith::sim
