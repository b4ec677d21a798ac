// Drawn parts that make no sense: refused where they stand in the file, whatever the seed.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <ostream>
#include <string>

#include "sim/draw/expand.h"
#include "sim/scenario/scenario.h"

namespace kith::sim {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// Ten devices that pair and write for two minutes, while one is killed.
json drawn_document();
std::string refusal_of(const json& document);

// In the document, the value at `where` is `value`.
struct Wrong {
  const char* where;
  const char* value;
  const char* place;
  const char* reason;

  friend void PrintTo(const Wrong& wrong, std::ostream* to) {
    *to << wrong.where << " " << wrong.value;
  }
};

class DrawRefusal : public ::testing::TestWithParam<Wrong> {};

TEST_P(DrawRefusal, says_where_and_why) {
  const Wrong& wrong = GetParam();
  json document = drawn_document();
  document[json::json_pointer(wrong.where)] = json::parse(wrong.value);
  EXPECT_THAT(refusal_of(document), AllOf(StartsWith(std::string("x.json: ") + wrong.place + ": "),
                                          HasSubstr(wrong.reason)));
}

INSTANTIATE_TEST_SUITE_P(
    Population, DrawRefusal,
    ::testing::Values(
        Wrong{"/population", "null", "$.population", "must be an object"},
        Wrong{"/population/line", R"("x")", "$.population.line", "must be an object"},
        Wrong{"/population/line", "[1]", "$.population.line", "must be an object"},
        Wrong{"/population/line", "null", "$.population.line", "must be an object"},
        Wrong{"/population/line/los_percent", "1", "$.population.line.los_percent", "unknown key"},
        Wrong{"/population/line/delay_ms", "-1", "$.population.line.delay_ms", "negative"},
        Wrong{"/population/line/back", "{\"up\": 1}", "$.population.line.back.up", "true or false"},
        Wrong{"/population/regions", "7", "$.population.regions", "must be an object"},
        Wrong{"/population/regions/names", R"("abc")", "$.population.regions.names",
              "must be an array"},
        Wrong{"/population/regions/names", "[1, 2]", "$.population.regions.names[0]",
              "must be a string"},
        Wrong{"/population/regions/names", R"(["east", "east"])", "$.population.regions.names[1]",
              "another region has this name"},
        Wrong{"/population/regions/latency_ms", "[[1]]", "$.population.regions.latency_ms",
              "must have 2 elements"},
        Wrong{"/population/regions/latency", "1", "$.population.regions.latency", "unknown key"},
        Wrong{"/population", R"({"pairs": 5000, "dht_servers": 4})", "$.population.dht_servers",
              "10000 devices"},
        Wrong{"/population", R"({"pairs": 5000, "access": "any", "same_lan_percent": 0})",
              "$.population.pairs", "10000 gateways"}));

INSTANTIATE_TEST_SUITE_P(
    Activity, DrawRefusal,
    ::testing::Values(
        Wrong{"/activity", "[]", "$.activity", "must be an object"},
        Wrong{"/workload", "{}", "$.workload", "must be an array"},
        Wrong{"/workload", "null", "$.workload", "must be an array"},
        Wrong{"/workload", "[1]", "$.workload[0]", "must be an object"},
        Wrong{"/activity/act_to_s", "121", "$.activity.act_to_s",
              "must be at most 120 (duration_s)"},
        Wrong{"/activity/act_to_s", "1", "$.activity.act_to_s", "\"act_from_s\""},
        Wrong{"/activity/tell_again_s", "121", "$.activity.tell_again_s", "(duration_s)"},
        Wrong{"/activity/every_ms", "0.0000001", "$.activity.every_ms", "decimal places"},
        Wrong{"/activity/every_ms", "86400001", "$.activity.every_ms", "must be at most 86400000"},
        Wrong{"/activity/retry_s", "86401", "$.activity.retry_s", "must be at most 86400"},
        Wrong{"/activity/send_bytes", "5368709121", "$.activity.send_bytes",
              "must be from 0 to 5368709120"}));

INSTANTIATE_TEST_SUITE_P(
    Chaos, DrawRefusal,
    ::testing::Values(
        Wrong{"/chaos", "true", "$.chaos", "must be an object"},
        Wrong{"/chaos/to_s", "121", "$.chaos.to_s", "must be at most 120 (duration_s)"},
        Wrong{"/chaos/clogs", "10000", "$.chaos.clogs", "more than 100000 faults"},
        Wrong{"/faults", "{}", "$.faults", "must be an array"},
        Wrong{"/faults", "null", "$.faults", "must be an array"},
        Wrong{"/faults/0", "7", "$.faults[0]", "must be an object"},
        Wrong{"/faults/1/device", R"("device-10")", "$.faults[1].device", "no device is named"},
        Wrong{"/faults/1/down", "1", "$.faults[1].down", "unknown key"},
        Wrong{"/faults/1/at_s", "4", "$.faults[1].at_s", "order of their times"},
        Wrong{"/faults/1/at_s", R"("5")", "$.faults[1].at_s", "must be a number"}));

INSTANTIATE_TEST_SUITE_P(
    Whole, DrawRefusal,
    ::testing::Values(Wrong{"/duration_s", "\"1\"", "$.duration_s", "must be a number"},
                      Wrong{"/topology", "{}", "$.topology", "must be left out"},
                      Wrong{"/popualtion", "{}", "$.popualtion", "population, activity, chaos"}));

TEST(DrawRefusals, chaos_in_a_topology_that_cannot_be_read_is_none) {
  json document = drawn_document();
  document.erase("population");
  document.erase("activity");
  EXPECT_THAT(refusal_of(document), StartsWith("x.json: $: the key \"topology\" is missing"));
  document["topology"] = {{"devices", {{{"nmae", "a"}}}}};
  EXPECT_THAT(refusal_of(document), StartsWith("x.json: $.topology.devices[0]: "));
  document["topology"] = {{"devices", {{{"name", 7}}}}};
  EXPECT_THAT(refusal_of(document), StartsWith("x.json: $.topology.devices[0].name: "));
}

TEST(Draw, what_steps_are_told_is_exactly_what_the_file_says) {
  json document = drawn_document();
  document["activity"].update({{"every_ms", 0.5}, {"retry_s", 0.0005}, {"tell_again_s", 90.00025}});
  const json steps = expand("x.json", document, 1)["workload"];
  ASSERT_EQ(steps.size(), 15u);
  EXPECT_EQ(steps[0]["retry_s"], 0.0005);  // to pair
  EXPECT_EQ(steps[1]["every_ms"], 0.5);    // to write
  EXPECT_EQ(steps[2]["at_s"], 90.00025);   // to tell
}

// --- helpers ------------------------------------------------------------------------------------

json drawn_document() {
  return json::parse(R"({
    "version": 1, "duration_s": 120,
    "population": { "pairs": 5, "line": { "loss_percent": 1 },
                    "regions": { "names": ["east", "west"], "latency_ms": [[1, 9], [9, 1]] } },
    "activity": { "messages": 1, "act_from_s": 5, "act_to_s": 60 },
    "chaos": { "to_s": 60, "pauses": 3 },
    "faults": [{ "kind": "kill", "at_s": 5, "device": "device-1", "down_s": 1 },
               { "kind": "kill", "at_s": 90, "device": "device-1", "down_s": 1 }],
    "expectations": [{ "kind": "no_violations" }] })");
}

std::string refusal_of(const json& document) {
  const auto read = parse_scenario("x.json", document.dump(), built_in_handlers(), 1);
  return read ? "accepted" : read.error().message;
}

}  // namespace
}  // namespace kith::sim
