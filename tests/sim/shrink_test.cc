// Shrinking: what it leaves out, what it must keep, and whole runs with a bug planted in their
// world.

#include "sim/capsule/shrink.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <set>

#include "sim/capsule/ddmin.h"
#include "sim/capsule/document_edit.h"
#include "sim/capsule/groundwork.h"
#include "sim/capsule/verdict.h"
#include "sim/scenario/run.h"

namespace kith::sim {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::uint64_t kSeed = 3;

bool always() { return true; }

Failure violation(const std::string& name) { return {Failure::Kind::violation, name, "", {}}; }
Failure missed(const std::string& name) { return {Failure::Kind::expectation, name, "", {}}; }
ShrinkTask task_of(const Document& document, const Failure& failure);

// Four devices, two sites, links, steps and faults: for shrinking by judges that run nothing.
Document small_document();
std::vector<std::string> kinds_of(const Document& document, const char* list);
std::vector<std::string> device_names(const Document& document);

// A trial that fails by a violation or a missed expectation if `fails` says so of the document.
RunTrial judge(const Failure& failure, const std::function<bool(const Document&)>& fails);

// Twenty devices that pair, write and send while much goes wrong.
Document large_document(const std::string& expectation);

// --- ddmin --------------------------------------------------------------------------------------

RC_GTEST_PROP(Ddmin, finds_what_is_needed_and_nothing_else, ()) {
  const auto count = *rc::gen::inRange<std::size_t>(0, 60);
  std::set<std::size_t> needed;
  const auto wanted = *rc::gen::inRange<std::size_t>(0, 6);
  for (std::size_t i = 0; i < wanted && count > 0; ++i) {
    needed.insert(*rc::gen::inRange<std::size_t>(0, count));
  }
  const auto kept = ddmin(count, [&](const std::vector<std::size_t>& numbers) {
    RC_ASSERT(std::is_sorted(numbers.begin(), numbers.end()));
    return std::includes(numbers.begin(), numbers.end(), needed.begin(), needed.end());
  });
  RC_ASSERT(std::equal(kept.begin(), kept.end(), needed.begin(), needed.end()));
}

TEST(Ddmin, keeps_everything_where_nothing_can_go) {
  const auto kept = ddmin(5, [](const std::vector<std::size_t>&) { return false; });
  EXPECT_THAT(kept, ElementsAre(0, 1, 2, 3, 4));
}

TEST(Ddmin, asks_seldom_where_little_is_needed) {
  std::size_t asked = 0;
  const auto kept = ddmin(1'024, [&](const std::vector<std::size_t>& numbers) {
    ++asked;
    return std::binary_search(numbers.begin(), numbers.end(), std::size_t{700});
  });
  EXPECT_THAT(kept, ElementsAre(700));
  EXPECT_LE(asked, 25u);
}

// --- documents ----------------------------------------------------------------------------------

TEST(DocumentEdit, a_device_goes_with_everything_that_names_it) {
  const Document document = small_document();
  const Document smaller = with_devices(document, {0, 1});  // alice and bob
  EXPECT_THAT(device_names(smaller), ElementsAre("alice", "bob"));
  EXPECT_EQ(smaller["topology"]["links"].size(), 1u);
  EXPECT_EQ(smaller["workload"].size(), 3u);
  EXPECT_THAT(kinds_of(smaller, "faults"),
              ElementsAre("link", "line", "kill", "partition", "link", "line", "clock_jump"));
  for (const Document& fault : smaller["faults"]) {
    if (fault["kind"] != "partition") continue;
    EXPECT_EQ(fault["devices"], Document::array({"alice"}));
  }
  EXPECT_EQ(smaller["expectations"].size(), 2u);
  EXPECT_EQ(smaller.dump().find("carol"), std::string::npos);
  const auto read = parse_scenario("smaller.json", smaller.dump(), built_in_handlers(), kSeed);
  EXPECT_TRUE(read.has_value()) << read.error().message;
}

TEST(DocumentEdit, nobody_enters_a_dht_through_a_device_that_is_gone) {
  const Document hosts = {"bob:6881", "carol:6881", "192.0.2.1:6881"};
  Document document = small_document();
  document["topology"]["devices"][0]["discovery"] = {{"dht", true}, {"bootstrap", hosts}};
  document["topology"]["devices"][1]["discovery"] = {{"bootstrap", {"carol:6881"}}};
  const Document smaller = with_devices(document, {0, 1});  // alice and bob
  EXPECT_EQ(smaller["topology"]["devices"][0]["discovery"]["bootstrap"],
            Document::array({"bob:6881", "192.0.2.1:6881"}));
  EXPECT_FALSE(smaller["topology"]["devices"][1]["discovery"].contains("bootstrap"));
}

TEST(DocumentEdit, sites_that_nobody_uses_are_found_with_those_above_them) {
  const Document document = small_document();
  EXPECT_THAT(unused_sites(document), IsEmpty());
  const Document smaller = with_devices(document, {0, 1});
  EXPECT_THAT(unused_sites(smaller), ElementsAre("home", "carrier"));
  const Document without = without_sites(smaller, {"home", "carrier"});
  EXPECT_THAT(without["topology"]["sites"], IsEmpty());
  EXPECT_THAT(kinds_of(without, "faults"), ::testing::Not(Contains("line")));
}

TEST(DocumentEdit, what_ends_earlier_has_nothing_later) {
  const Document document = ending_at(small_document(), 3.5);
  EXPECT_EQ(document["duration_s"], 3.5);
  EXPECT_THAT(kinds_of(document, "workload"), ElementsAre("pair", "pair"));
  EXPECT_THAT(kinds_of(document, "faults"), ElementsAre("link", "line"));
}

// --- what a missed expectation rests on ---------------------------------------------------------

TEST(Groundwork, who_asks_a_dht_keeps_all_that_serve_it) {
  const Document document = {
      {"topology",
       {{"devices",
         {{{"name", "asks"}, {"discovery", {{"dht", true}}}},
          {{"name", "plain"}},
          {{"name", "one"}, {"discovery", {{"dht", true}, {"dht_port", 1}}}},
          {{"name", "two"}, {"discovery", {{"dht", true}, {"dht_port", 1}}}}}}}}};
  EXPECT_THAT(devices_with_groundwork(document, {0}), ElementsAre(0, 2, 3));
  EXPECT_THAT(devices_with_groundwork(document, {1}), ElementsAre(1));
  EXPECT_THAT(devices_with_groundwork(document, {1, 2}), ElementsAre(1, 2));
}

TEST(Groundwork, who_writes_is_paired_and_told) {
  const Document document = small_document();
  EXPECT_THAT(kinds_of(document, "workload"),
              ElementsAre("pair", "pair", "message", "send", "tell"));
  EXPECT_THAT(steps_with_groundwork(document, {2}), ElementsAre(0, 2, 4));
  EXPECT_THAT(steps_with_groundwork(document, {3}), ElementsAre(1, 3));
  EXPECT_THAT(steps_with_groundwork(document, {0, 4}), ElementsAre(0, 4));
}

TEST(Groundwork, what_a_fault_breaks_the_last_one_mends) {
  const Document document = small_document();
  EXPECT_THAT(kinds_of(document, "faults"), ElementsAre("link", "line", "kill", "partition",
                                                        "partition", "link", "line", "clock_jump"));
  EXPECT_THAT(faults_with_groundwork(document, {0}), ElementsAre(0, 5));
  EXPECT_THAT(faults_with_groundwork(document, {1}), ElementsAre(1, 6));
  EXPECT_THAT(faults_with_groundwork(document, {3}), ElementsAre(3, 4));
  EXPECT_THAT(faults_with_groundwork(document, {2, 7}), ElementsAre(2, 7));
  EXPECT_THAT(faults_with_groundwork(document, {5}), ElementsAre(5));
}

TEST(Groundwork, directions_of_a_link_are_mended_each_by_itself) {
  Document document = small_document();
  document["faults"] = Document::parse(R"([
      { "kind": "link", "at_s": 1, "between": ["alice", "bob"], "back": { "up": false } },
      { "kind": "link", "at_s": 2, "between": ["bob", "alice"], "back": { "up": true } },
      { "kind": "link", "at_s": 3, "between": ["bob", "alice"], "up": true,
        "back": { "up": false } },
      { "kind": "link", "at_s": 4, "between": ["alice", "bob"], "loss_percent": 1 }])");
  // From bob to alice is what the first breaks: the third mends it. The second is of the other.
  EXPECT_THAT(faults_with_groundwork(document, {0}), ElementsAre(0, 2));
  EXPECT_THAT(faults_with_groundwork(document, {1}), ElementsAre(1, 2));
}

TEST(Groundwork, who_comes_later_does_come) {
  Document document = small_document();
  document["topology"]["devices"][2]["networks"][0]["connected"] = false;
  document["faults"] = Document::parse(
      R"([{ "kind": "kill", "at_s": 1, "device": "bob", "down_s": 1 },
          { "kind": "network", "at_s": 2, "device": "carol", "connected": true }])");
  EXPECT_THAT(faults_with_groundwork(document, {}), ElementsAre(1));
}

TEST(Groundwork, an_expectation_without_a_subject_is_seen) {
  Document document = small_document();
  EXPECT_TRUE(has_subjects(document));
  const Document all = document["workload"];
  document["workload"].erase(2);  // the message
  EXPECT_FALSE(has_subjects(document));
  document["workload"] = all;
  document["workload"].erase(0);  // the pair of alice and bob
  EXPECT_FALSE(has_subjects(document));
}

// --- shrinking by judges ------------------------------------------------------------------------

TEST(Shrink, keeps_what_the_failure_needs_and_nothing_else) {
  const auto fails = [](const Document& document) {
    const auto faults = kinds_of(document, "faults");
    return std::find(faults.begin(), faults.end(), "clock_jump") != faults.end();
  };
  const auto shrunk = shrink(task_of(small_document(), violation("messages")),
                             judge(violation("messages"), fails), always);
  ASSERT_TRUE(shrunk.has_value()) << shrunk.error().message;
  const Document document = Document::parse(shrunk->document);
  EXPECT_TRUE(shrunk->finished);
  EXPECT_THAT(device_names(document), ElementsAre("bob"));
  EXPECT_THAT(kinds_of(document, "faults"), ElementsAre("clock_jump"));
  EXPECT_THAT(document["workload"], IsEmpty());
  EXPECT_THAT(document["topology"]["sites"], IsEmpty());
  EXPECT_THAT(kinds_of(document, "expectations"), ElementsAre("no_violations"));
  EXPECT_EQ(shrunk->before.devices, 4u);
  EXPECT_EQ(shrunk->before.faults, 8u);
  EXPECT_EQ(shrunk->before.steps, 5u);
  EXPECT_EQ(shrunk->after.devices, 1u);
}

TEST(Shrink, makes_amounts_and_links_less) {
  const auto fails = [](const Document& document) {
    const Document& steps = document["workload"];
    const auto message = std::find_if(steps.begin(), steps.end(), [](const Document& step) {
      return step["kind"] == "message" && step["count"] >= 5;
    });
    if (message == steps.end()) return false;
    const Document& links = document["topology"]["links"];
    return links.size() >= 1 && links[0].contains("jitter_ms");
  };
  const auto shrunk = shrink(task_of(small_document(), violation("messages")),
                             judge(violation("messages"), fails), always);
  ASSERT_TRUE(shrunk.has_value()) << shrunk.error().message;
  const Document document = Document::parse(shrunk->document);
  ASSERT_THAT(kinds_of(document, "workload"), ElementsAre("pair", "message"));
  EXPECT_EQ(document["workload"][1]["count"], 5);  // of 20, 10 and 5 are tried
  EXPECT_EQ(document["workload"][1]["body_bytes"], 0);
  EXPECT_EQ(document["topology"]["links"],
            Document::parse(R"([{ "between": ["alice", "bob"], "jitter_ms": 3 }])"));
}

TEST(Shrink, ends_just_after_a_violation) {
  const RunTrial run = [](const Scenario& scenario, std::uint64_t, Duration until) {
    Trial trial;
    trial.report.virtual_time = std::min(until, scenario.duration);
    constexpr Instant kAt{7'000'400'000};
    if (Instant{} + trial.report.virtual_time >= kAt) {
      trial.report.violations = {{"messages", false, "seen"}};
      trial.report.sightings = {{"messages", kAt, 0, "seen"}};
    }
    return trial;
  };
  const auto shrunk = shrink(task_of(small_document(), violation("messages")), run, always);
  ASSERT_TRUE(shrunk.has_value()) << shrunk.error().message;
  EXPECT_EQ(shrunk->until, std::chrono::milliseconds(7'002));
  EXPECT_EQ(Document::parse(shrunk->document)["duration_s"], 7.002);
}

// Who is not paired, or has no link, is delivered nothing: that is another failure.
TEST(Shrink, does_not_miss_an_expectation_for_want_of_trying) {
  const auto fails = [](const Document& document) {
    const auto steps = kinds_of(document, "workload");
    const auto faults = kinds_of(document, "faults");
    const auto has = [](const std::vector<std::string>& kinds, const char* kind) {
      return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
    };
    const auto links = std::count(faults.begin(), faults.end(), "link");
    return has(faults, "kill") || !has(steps, "pair") || !has(steps, "message") || links == 1;
  };
  const auto shrunk = shrink(task_of(small_document(), missed("all_messages_delivered")),
                             judge(missed("all_messages_delivered"), fails), always);
  ASSERT_TRUE(shrunk.has_value()) << shrunk.error().message;
  const Document document = Document::parse(shrunk->document);
  EXPECT_THAT(device_names(document), ElementsAre("alice", "bob"));
  EXPECT_THAT(kinds_of(document, "workload"), ElementsAre("pair", "message", "tell"));
  EXPECT_THAT(kinds_of(document, "faults"), ElementsAre("kill"));
  EXPECT_THAT(kinds_of(document, "expectations"), ElementsAre("all_messages_delivered"));
  EXPECT_EQ(document["duration_s"], 15);  // its deadline
}

TEST(Shrink, keeps_how_a_process_ended) {
  Failure death = death_failure("ended by signal 6 (Aborted)");
  std::size_t ends_otherwise = 0;
  const RunTrial run = [&](const Scenario& scenario, std::uint64_t, Duration) {
    Trial trial;
    if (scenario.topology.devices.size() >= 2) trial.death = death.value;
    if (scenario.topology.devices.size() == 1) {
      trial.death = "ended by signal 11 (Segmentation fault)";
      ++ends_otherwise;
    }
    return trial;
  };
  const auto shrunk = shrink(task_of(small_document(), death), run, always);
  ASSERT_TRUE(shrunk.has_value()) << shrunk.error().message;
  EXPECT_EQ(shrunk->after.devices, 2u);
  EXPECT_EQ(shrunk->trial.death, death.value);
  EXPECT_GT(ends_otherwise, 0u);
}

TEST(Shrink, of_a_run_that_does_not_fail_so_is_refused) {
  const RunTrial run = judge(violation("messages"), [](const Document&) { return true; });
  const auto other = shrink(task_of(small_document(), violation("timers")), run, always);
  ASSERT_FALSE(other.has_value());
  EXPECT_THAT(other.error().message, HasSubstr("does not fail by timers"));
  EXPECT_FALSE(shrink(task_of(small_document(), missed("messages")), run, always).has_value());
  ShrinkTask broken = task_of(small_document(), violation("messages"));
  broken.document = "{}";
  EXPECT_THAT(shrink(broken, run, always).error().message, HasSubstr("$"));
}

TEST(Shrink, stops_when_the_budget_is_used_up) {
  std::size_t left = 3;
  const auto goes_on = [&left] { return left > 0 && left-- > 0; };
  const auto shrunk =
      shrink(task_of(small_document(), violation("messages")),
             judge(violation("messages"), [](const Document&) { return true; }), goes_on);
  ASSERT_TRUE(shrunk.has_value()) << shrunk.error().message;
  EXPECT_FALSE(shrunk->finished);
  EXPECT_EQ(shrunk->trials, 4u);
  EXPECT_FALSE(shrunk->trial.report.violations.empty());
}

// --- shrinking real runs ------------------------------------------------------------------------

// Whatever is published on device-7 comes to lie there with other bytes, once it was down.
class LyingDisk final : public Observer {
 public:
  void on_file_done(Device& device, Instant, const FileRequest& request,
                    const Result<FileOutcome>&) override {
    if (device.name() != "device-7" || device.lives() < 2) return;
    if (!std::holds_alternative<FileRename>(request)) return;
    for (const auto& [name, info] : device.disk().tree("/inbox")) {
      if (name != "file.bin") continue;
      device.disk().make_file("/inbox/" + name, as_byte_view("lies"), info.mode, info.modified_ns);
    }
  }
};

TEST(ShrinkARun, of_twenty_devices_one_of_which_has_a_lying_disk) {
  const RunTrial run = [](const Scenario& scenario, std::uint64_t seed, Duration until) {
    sim::Run world_run(scenario, seed);
    LyingDisk lie;
    world_run.world().add_observer(lie);
    return Trial{world_run.execute(until), ""};
  };
  const Document document = large_document("all_paired");
  const auto shrunk = shrink(task_of(document, violation("published_equals_source")), run, always);
  ASSERT_TRUE(shrunk.has_value()) << shrunk.error().message;
  EXPECT_TRUE(shrunk->finished);
  EXPECT_EQ(shrunk->before.devices, 20u);
  EXPECT_EQ(shrunk->after.devices, 2u) << shrunk->document;
  EXPECT_EQ(shrunk->after.faults, 1u) << shrunk->document;
  EXPECT_EQ(shrunk->after.steps, 2u) << shrunk->document;
  EXPECT_LE(shrunk->after.events * 10, shrunk->before.events);
  RecordProperty("events_before", std::to_string(shrunk->before.events));
  RecordProperty("events_after", std::to_string(shrunk->after.events));

  // The document by itself fails in the same way, and only with the bug.
  const auto small = parse_scenario("small.json", shrunk->document, built_in_handlers(), kSeed);
  ASSERT_TRUE(small.has_value()) << small.error().message;
  const Trial again = run(*small, kSeed, shrunk->until);
  EXPECT_EQ(again.report.trace_hash, shrunk->trial.report.trace_hash);
  EXPECT_THAT(failures_of(again.report),
              Contains(::testing::Field(&Failure::name, "published_equals_source")));
  EXPECT_TRUE(run_here(*small, kSeed, shrunk->until).report.violations.empty());
}

TEST(ShrinkARun, of_twenty_devices_one_of_which_becomes_deaf) {
  const RunTrial run = [](const Scenario& scenario, std::uint64_t seed, Duration until) {
    sim::Run world_run(scenario, seed);
    World& world = world_run.world();
    for (DeviceIndex i = 0; i < world.device_count(); ++i) {
      if (world.device(i).name() != "device-9") continue;
      world.network().set_delivery_tap(
          [node = world.device(i).node()](Instant at, NodeId to, std::span<std::byte> datagram) {
            const bool deaf = to == node && at >= Instant{} + std::chrono::seconds(20);
            if (deaf) std::fill(datagram.begin(), datagram.end(), std::byte{0});
          });
    }
    return Trial{world_run.execute(until), ""};
  };
  const auto shrunk =
      shrink(task_of(large_document("all_messages_delivered"), missed("all_messages_delivered")),
             run, always);
  ASSERT_TRUE(shrunk.has_value()) << shrunk.error().message;
  const Document document = Document::parse(shrunk->document);
  EXPECT_THAT(device_names(document), ElementsAre("device-8", "device-9"));
  EXPECT_THAT(document["faults"], IsEmpty());
  EXPECT_THAT(kinds_of(document, "workload"),
              ::testing::UnorderedElementsAre("pair", "message", "tell"));
  EXPECT_LE(shrunk->after.events * 10, shrunk->before.events);
}

// --- helpers ------------------------------------------------------------------------------------

ShrinkTask task_of(const Document& document, const Failure& failure) {
  return {document.dump(), kSeed, Duration::max(), failure, built_in_handlers()};
}

Document small_document() {
  return Document::parse(R"({
    "version": 1, "duration_s": 20,
    "topology": {
      "sites": [{ "name": "carrier", "nat": "cgnat" },
                { "name": "home", "nat": "home", "inside_of": "carrier",
                  "line": { "delay_ms": 5 } }],
      "devices": [{ "name": "alice" }, { "name": "bob", "disk": { "latency_ms": 1 } },
                  { "name": "carol", "networks": [{ "site": "home" }] },
                  { "name": "dave", "networks": [{ "site": "home" }] }],
      "links": [{ "between": ["alice", "bob"], "delay_ms": 20, "jitter_ms": 3,
                  "reorder_percent": 1, "reorder_delay_ms": 2 }] },
    "workload": [
      { "kind": "pair", "at_s": 1, "initiator": "alice", "joiner": "bob" },
      { "kind": "pair", "at_s": 1, "initiator": "carol", "joiner": "dave" },
      { "kind": "message", "name": "hello", "at_s": 4, "from": "alice", "to": "bob",
        "count": 20, "body_bytes": 100 },
      { "kind": "send", "name": "file", "at_s": 4, "from": "carol", "to": "dave",
        "content": { "file": "a", "size_bytes": 100 } },
      { "kind": "tell", "at_s": 12, "device": "alice", "about": "bob" }],
    "faults": [
      { "kind": "link", "at_s": 2, "between": ["alice", "bob"], "up": false },
      { "kind": "line", "at_s": 3, "site": "home", "loss_percent": 50 },
      { "kind": "kill", "at_s": 4, "device": "bob", "down_s": 1 },
      { "kind": "partition", "at_s": 5, "devices": ["alice", "carol"], "cut": "both" },
      { "kind": "partition", "at_s": 6, "devices": ["carol"], "cut": "none" },
      { "kind": "link", "at_s": 7, "between": ["bob", "alice"], "up": true },
      { "kind": "line", "at_s": 8, "site": "home", "loss_percent": 0 },
      { "kind": "clock_jump", "at_s": 9, "device": "bob", "by_s": 100 }],
    "expectations": [
      { "kind": "all_messages_delivered", "within_s": 15 },
      { "kind": "paired", "devices": ["alice", "bob"], "within_s": 10 },
      { "kind": "transfer_completed", "send": "file", "within_s": 10 }] })");
}

std::vector<std::string> kinds_of(const Document& document, const char* list) {
  std::vector<std::string> kinds;
  if (!document.contains(list)) return kinds;
  for (const Document& entry : document.at(list))
    kinds.push_back(entry.at("kind").get<std::string>());
  return kinds;
}

std::vector<std::string> device_names(const Document& document) {
  std::vector<std::string> names;
  for (const Document& each : document.at("topology").at("devices"))
    names.push_back(each.at("name").get<std::string>());
  return names;
}

RunTrial judge(const Failure& failure, const std::function<bool(const Document&)>& fails) {
  return [failure, fails](const Scenario& scenario, std::uint64_t, Duration) {
    Trial trial;
    if (!fails(Document::parse(scenario.document))) return trial;
    auto& findings = failure.kind == Failure::Kind::violation ? trial.report.violations
                                                              : trial.report.expectations;
    findings = {{failure.name, false, "seen"}};
    // At the end, as far as anyone can tell: earlier it would not have been seen.
    trial.report.sightings = {{failure.name, Instant{} + scenario.duration, 0, "seen"}};
    return trial;
  };
}

Document large_document(const std::string& expectation) {
  const std::string text = R"({
    "version": 1, "duration_s": 120,
    "population": { "pairs": 10, "same_lan_percent": 20,
                    "line": { "loss_percent": 1, "jitter_ms": 4 } },
    "activity": { "pair_from_s": 1, "pair_to_s": 8, "act_from_s": 24, "act_to_s": 50,
                  "messages": 8, "every_ms": 700, "body_bytes": 300, "send_bytes": 3000000,
                  "tell_again_s": 90, "retry_s": 5 },
    "chaos": { "from_s": 12, "to_s": 80, "longest_s": 8, "kills": 4, "pauses": 4, "bad_lines": 4,
               "gateway_rebinds": 4, "clock_jumps": 3 },
    "workload": [],
    "faults": [{ "kind": "kill", "at_s": 11, "device": "device-7", "down_s": 1 }],
    "expectations": [{ "kind": ")" +
                           expectation + R"(", "within_s": 110 }, { "kind": "no_violations" }] })";
  const auto scenario = parse_scenario("large.json", text, built_in_handlers(), kSeed);
  EXPECT_TRUE(scenario.has_value()) << scenario.error().message;
  return Document::parse(scenario->document);
}

}  // namespace
}  // namespace kith::sim
