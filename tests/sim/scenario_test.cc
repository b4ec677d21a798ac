// Reading scenarios: what is accepted, and that everything else is refused with file, place and
// reason.

#include "sim/scenario/scenario.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <ostream>
#include <string>
#include <vector>

#include "sim/scenario/decimal.h"
#include "sim/scenario/suggest.h"

namespace kith::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string with(std::string_view replaced, std::string_view by);
std::string refusal_of(const std::string& text);
Scenario must_parse(const std::string& text);
extern const char* const kWhole;

TEST(Scenario, reads_every_part) {
  const Scenario scenario = must_parse(kWhole);
  EXPECT_EQ(scenario.name, "whole");
  EXPECT_EQ(scenario.description, "Everything once");
  EXPECT_EQ(scenario.duration, milliseconds(60'500));

  ASSERT_EQ(scenario.topology.devices.size(), 2u);
  EXPECT_EQ(scenario.topology.devices[0].name, "alice");
  EXPECT_EQ(scenario.topology.devices[0].addresses.front(), Address::v4(10, 0, 0, 1, 0));
  EXPECT_EQ(scenario.topology.devices[0].interface.rate_bps, 100'000'000u);
  EXPECT_EQ(scenario.topology.devices[0].interface.receive_batch, std::chrono::microseconds(50));
  EXPECT_EQ(scenario.topology.devices[1].addresses.front().family, Address::Family::ipv6);
  EXPECT_EQ(scenario.topology.devices[1].disk.capacity_bytes, 1'000'000u);
  EXPECT_EQ(scenario.topology.devices[1].disk.sync_most, milliseconds(20));

  ASSERT_EQ(scenario.topology.wires.size(), 1u);
  EXPECT_EQ(scenario.topology.wires[0].there.rate_bps, 2'500'000u);
  EXPECT_EQ(scenario.topology.wires[0].there.loss, Ppm{12'500});
  EXPECT_EQ(scenario.topology.wires[0].back.loss, Ppm{0});
  EXPECT_EQ(scenario.topology.wires[0].back.delay, milliseconds(15));

  ASSERT_EQ(scenario.workload.size(), 2u);
  EXPECT_EQ(scenario.workload[1].name, "photos");
  EXPECT_EQ(scenario.workload[1].at, seconds(2));

  ASSERT_EQ(scenario.faults.size(), 3u);
  const auto& fault = std::get<LinkFault>(scenario.faults[0].what);
  EXPECT_FALSE(fault.there.up);
  EXPECT_FALSE(fault.back.up);
  EXPECT_EQ(fault.there.loss, Ppm{12'500});
  const auto& crash = std::get<StopFault>(scenario.faults[1].what);
  EXPECT_EQ(crash.device, 1u);
  EXPECT_EQ(crash.ending, Ending::crashed);
  EXPECT_EQ(crash.down, seconds(2));
  // A fault changes what it names and leaves the rest as the fault before left it.
  EXPECT_TRUE(std::get<LinkFault>(scenario.faults[2].what).there.up);
  EXPECT_EQ(scenario.expectations.size(), 4u);
}

TEST(Scenario, a_fault_of_a_link_named_the_other_way_round_takes_its_directions_with_it) {
  const Scenario scenario = must_parse(
      with(R"("between": ["alice", "bob"], "up": false)",
           R"("between": ["bob", "alice"], "loss_percent": 3, "back": {"loss_percent": 4})"));
  const auto& fault = std::get<LinkFault>(scenario.faults[0].what);
  EXPECT_EQ(fault.back.loss, Ppm{30'000});   // from bob to alice
  EXPECT_EQ(fault.there.loss, Ppm{40'000});  // from alice to bob
}

TEST(Scenario, a_refusal_names_file_place_and_reason) {
  EXPECT_THAT(refusal_of(with(R"("loss_percent": 1.25)", R"("los_percent": 1.25)")),
              AllOf(StartsWith("some/whole.json: $.topology.links[0].los_percent: unknown key"),
                    HasSubstr("loss_percent")));
}

struct Refused {
  const char* replaced;
  const char* by;
  const char* place;
  const char* reason;

  friend void PrintTo(const Refused& refused, std::ostream* to) {
    *to << refused.place << " " << refused.by;
  }
};

class ScenarioRefusal : public ::testing::TestWithParam<Refused> {};

TEST_P(ScenarioRefusal, says_where_and_why) {
  const Refused& refused = GetParam();
  EXPECT_THAT(refusal_of(with(refused.replaced, refused.by)),
              AllOf(StartsWith(std::string("some/whole.json: ") + refused.place + ": "),
                    HasSubstr(refused.reason)));
}

INSTANTIATE_TEST_SUITE_P(
    All, ScenarioRefusal,
    ::testing::Values(
        Refused{R"("version": 1)", R"("version": 2)", "$.version", "must be from 1 to 1"},
        Refused{R"("version": 1,)", "", "$", "\"version\" is missing"},
        Refused{R"("duration_s": 60.5)", R"("duration_s": "60")", "$.duration_s",
                "must be a number, not a string"},
        Refused{R"("duration_s": 60.5)", R"("duration_s": -1)", "$.duration_s", "negative"},
        Refused{R"("duration_s": 60.5)", R"("duration_s": 1.0000000001)", "$.duration_s",
                "at most 9 decimal places"},
        Refused{R"("duration_s": 60.5)", R"("duration_s": 1e18)", "$.duration_s",
                "must be at most 31536000, not 1e+18"},
        Refused{R"("duration_s": 60.5)", R"("duration_s": 60.5, "duration_s": 1)", "$.duration_s",
                "stands twice"},
        Refused{R"("sync_ms": 20)", R"("sync_ms": 20, "sync_ms": 20)",
                "$.topology.devices[1].disk.sync_ms", "stands twice"},
        Refused{R"("delay_ms": 15)", R"("delay\nms": 15)", "$.topology.links[0].delay?ms",
                "unknown key"},
        Refused{R"("rate_mbps": 2.5)", R"("rate_mbps": 1e30)", "$.topology.links[0].rate_mbps",
                "must be at most 1000000, not 1e+30"},
        Refused{R"("loss_percent": 1.25)", R"("loss_percent": 0.00001)",
                "$.topology.links[0].loss_percent", "at most 4 decimal places"},
        Refused{R"("loss_percent": 1.25)", R"("loss_percent": 101)",
                "$.topology.links[0].loss_percent", "must be at most 100"},
        Refused{R"("loss_percent": 1.25)", R"("loss_percent": -5)",
                "$.topology.links[0].loss_percent", "negative"},
        Refused{R"("rate_mbps": 2.5)", R"("rate_mbps": true)", "$.topology.links[0].rate_mbps",
                "must be a number, not true or false"},
        Refused{R"("rate_mbps": 2.5)", R"("rate_mbps": 0)", "$.topology.links[0].rate_mbps",
                "must be above 0"},
        Refused{R"("queue_bytes": 1000)", R"("queue_bytes": 0)", "$.topology.links[0].queue_bytes",
                "must be from 1 to"},
        Refused{R"("queue_bytes": 1000)", R"("queue_bytes": 10.5)",
                "$.topology.links[0].queue_bytes", "whole number"},
        Refused{R"("reorder_delay_ms": 5)", R"("jitter_ms": 5)",
                "$.topology.links[0].reorder_percent", "reorder_delay_ms"},
        Refused{R"("back": {)", R"("back": {"dely_ms": 1, )", "$.topology.links[0].back.dely_ms",
                "unknown key"},
        Refused{R"("between": ["alice", "bob"],
             "rate)",
                R"("between": ["alice", "carol"],
             "rate)",
                "$.topology.links[0].between[1]", "no device is named \"carol\""},
        Refused{R"("between": ["alice", "bob"],
             "rate)",
                R"("between": ["alice", "alice"],
             "rate)",
                "$.topology.links[0].between[1]", "another device"},
        Refused{R"("name": "bob")", R"("name": "alice")", "$.topology.devices[1].name",
                "another device has this name"},
        Refused{R"("2001:db8::7")", R"("10.0.0.1")", "$.topology.devices[1]",
                "another device has its address"},
        Refused{R"("2001:db8::7")", R"("10.0.0")", "$.topology.devices[1].address",
                "not an IP address"},
        Refused{R"("2001:db8::7")", R"("::")", "$.topology.devices[1].address", "unspecified"},
        Refused{R"("2001:db8::7")", R"("ff02::1")", "$.topology.devices[1].address", "of a group"},
        Refused{R"("2001:db8::7")", R"("239.1.2.3")", "$.topology.devices[1].address",
                "of a group"},
        Refused{R"("2001:db8::7")", R"("127.0.0.2")", "$.topology.devices[1].address",
                "the host itself"},
        Refused{R"("2001:db8::7")", R"("::1")", "$.topology.devices[1].address", "the host itself"},
        Refused{R"("2001:db8::7")", R"("255.255.255.255")", "$.topology.devices[1].address",
                "broadcast"},
        Refused{R"("address": "2001:db8::7")",
                R"("networks": [{"internet": true, "addresses": ["224.0.0.1"]}])",
                "$.topology.devices[1].networks[0].addresses[0]", "of a group"},
        Refused{R"({ "name": "alice",)", R"({ "name": "carol" }, { "name": "alice",)",
                "$.topology.devices[0]", "neither \"networks\" nor a link"},
        Refused{R"("address")", R"("discovery": {"bootstrap": ["alice"]}, "address")",
                "$.topology.devices[1].discovery.bootstrap[0]", "a port from 1 to 65535"},
        Refused{R"("address")", R"("discovery": {"bootstrap": ["alice:0"]}, "address")",
                "$.topology.devices[1].discovery.bootstrap[0]", "a port from 1 to 65535"},
        Refused{R"("address")", R"("discovery": {"bootstrap": ["10.0.0.1:65536"]}, "address")",
                "$.topology.devices[1].discovery.bootstrap[0]", "a port from 1 to 65535"},
        Refused{R"("address")", R"("discovery": {"bootstrap": ["b:1", "x:1"]}, "address")",
                "$.topology.devices[1].discovery.bootstrap[0]", "no device is named \"b\""},
        Refused{R"("address")", R"("discovery": {"bootstrap": ["0.0.0.0:1"]}, "address")",
                "$.topology.devices[1].discovery.bootstrap[0]", "unspecified"},
        Refused{R"("kind": "pair")", R"("kind": "marry")", "$.workload[0].kind",
                "known: message, pair, send"},
        Refused{R"("joiner": "bob")", R"("joiner": "alice")", "$.workload[0].joiner",
                "another device"},
        Refused{R"("at_s": 2,)", R"("at_s": 61,)", "$.workload[1].at_s",
                "must be at most 60.5 (duration_s), not 61"},
        Refused{R"("tree": "photos")", R"("file": "photos", "tree": "photos")",
                "$.workload[1].content", "either"},
        Refused{R"("tree": "photos")", R"("tree": "../photos")", "$.workload[1].content.tree",
                "it contains \"/\""},
        Refused{R"("tree": "photos")", R"("tree": "..")", "$.workload[1].content.tree", "\"..\""},
        Refused{R"("tree": "photos")", R"("tree": "a\u0000")", "$.workload[1].content.tree", "NUL"},
        Refused{R"("files": 3)", R"("files": 107374183)", "$.workload[1].content.files",
                "must be from 0 to 100000"},
        Refused{R"("most_bytes": 10)", R"("most_bytes": 357913942)",
                "$.workload[1].content.most_bytes", "at most 1073741824 bytes"},
        Refused{R"("tree": "photos", "files": 3, "directories": 1, "most_bytes": 10)",
                R"("file": "a", "size_bytes": 4294967296)", "$.workload[1].content.size_bytes",
                "must be from 0 to 1073741824"},
        Refused{R"("destination": "from-alice")", R"("destination": "a/../b")",
                "$.workload[1].destination", "relative path"},
        Refused{R"("destination": "from-alice")", R"("destination": "/a")",
                "$.workload[1].destination", "relative path"},
        Refused{R"("name": "photos", "at_s")", R"("name": "..", "at_s")", "$.workload[1].name",
                "\"..\""},
        Refused{R"("name": "photos", "at_s")", R"("name": "a/b", "at_s")", "$.workload[1].name",
                "it contains \"/\""},
        Refused{R"("kind": "crash")", R"("kind": "meteor")", "$.faults[1].kind", "known: link, "},
        Refused{R"("at_s": 5)", R"("at_s": 3)", "$.faults[1].at_s", "order of their times"},
        Refused{R"("send": "photos" },)", R"("send": "fotos" },)", "$.expectations[2].send",
                "no step of the workload is named \"fotos\""},
        Refused{R"("initiator": "alice", "joiner": "bob" },)",
                R"("initiator": "alice", "joiner": "bob" },
    { "kind": "send", "from": "bob", "to": "carol", "name": "more",
      "content": { "file": "a", "size_bytes": 1 } },)",
                "$.workload[1].to", "no device is named \"carol\""},
        Refused{R"({ "kind": "pair", "initiator": "alice", "joiner": "bob" },)", "",
                "$.workload[0]", "no step pairs \"alice\" and \"bob\""},
        Refused{R"("kind": "digest_equal", "send": "photos")",
                R"("kind": "messages_delivered", "messages": "photos", "within_s": 1)",
                "$.expectations[2].messages", "is a step of kind \"send\", not \"message\""},
        Refused{R"("kind": "digest_equal", "send": "photos")",
                R"("kind": "all_messages_delivered", "within_s": 1)", "$.expectations[2]",
                "no step of kind \"message\""},
        Refused{R"("kind": "no_violations")", R"("kind": "no_violation")", "$.expectations[3].kind",
                "no such kind"},
        Refused{R"({ "kind": "no_violations" })", "7", "$.expectations[3]",
                "must be an object, not a number"}));

TEST(Scenario, what_is_not_json_or_says_a_thing_twice_is_refused) {
  EXPECT_THAT(refusal_of("{"), HasSubstr("not JSON"));
  EXPECT_THAT(refusal_of(with(R"("version": 1,)", R"("version": 1, "version": 1,)")),
              HasSubstr("$.version: this key stands twice"));
}

TEST(Scenario, what_is_nested_too_deeply_is_refused_wherever_it_stands) {
  const std::string deep(1'000'000, '[');
  EXPECT_THAT(refusal_of(deep), HasSubstr("is nested deeper than 64 levels"));
  EXPECT_THAT(refusal_of(with(R"("devices": [)", R"("devices": )" + deep)),
              AllOf(StartsWith("some/whole.json: $.topology.devices[0][0]"),
                    HasSubstr("is nested deeper than 64 levels")));
  EXPECT_THAT(refusal_of(with(R"("disk": {)", R"("disk": {"a": )" + deep)),
              AllOf(StartsWith("some/whole.json: $.topology.devices[1].disk.a[0]"),
                    HasSubstr("is nested deeper than 64 levels")));
}

TEST(Scenario, numbers_are_read_exactly_however_small) {
  const Scenario scenario = must_parse(with(R"("delay_ms": 15)", R"("delay_ms": 0.000001)"));
  EXPECT_EQ(scenario.topology.wires[0].there.delay, Duration{1});
}

TEST(Scenario, what_is_no_file_with_something_in_it_is_not_found) {
  const auto refusal_of_file = [](const std::string& path) {
    const auto scenario = load_scenario(path, built_in_handlers(), 1);
    EXPECT_FALSE(scenario);
    EXPECT_EQ(scenario.error().code, ErrorCode::not_found);
    return scenario.error().message;
  };
  EXPECT_EQ(refusal_of_file("/nowhere/at-all.json"),
            "Cannot read /nowhere/at-all.json: No such file or directory.");
  EXPECT_EQ(refusal_of_file("/"), "Cannot read /: it is a directory.");
  EXPECT_EQ(refusal_of_file("/dev/zero"),
            "Cannot read /dev/zero: it has more than 268435456 bytes.");
  const std::string empty = ::testing::TempDir() + "empty.json";
  std::ofstream(empty).close();
  EXPECT_EQ(refusal_of_file(empty), "Cannot read " + empty + ": it is empty.");
}

TEST(Scenario, what_nobody_does_is_not_expected_of_all) {
  const auto refusal_with = [](const std::string& kind) {
    return refusal_of(R"({ "version": 1, "duration_s": 1, "workload": [],
      "topology": { "devices": [{ "name": "alice" }] },
      "expectations": [{ "kind": ")" +
                      kind + R"(", "within_s": 1 }] })");
  };
  for (const auto& [expectation, step] :
       {std::pair("all_paired", "pair"), std::pair("all_transfers_completed", "send"),
        std::pair("all_messages_delivered", "message")}) {
    EXPECT_EQ(refusal_with(expectation),
              "some/whole.json: $.expectations[0]: the workload has no step of kind \"" +
                  std::string(step) + "\"");
  }
}

TEST(Scenario, who_is_meant_by_an_unknown_name_is_said) {
  EXPECT_THAT(refusal_of(with(R"("joiner": "bob")", R"("joiner": "bobb")")),
              HasSubstr("no device is named \"bobb\"; known: alice, bob"));
  const std::vector<std::string_view> many = {"ada", "bob", "eve",   "device-1", "device-12",
                                              "tom", "zoe", "carol", "dave"};
  EXPECT_EQ(suggest("device-21", many), "; did you mean \"device-1\"?");
  EXPECT_EQ(suggest("adda", many), "; did you mean \"ada\"?");
  EXPECT_EQ(suggest("mallory", many), "");
  EXPECT_EQ(suggest("mallory", {}), "");
}

TEST(Scenario, a_program_can_add_a_kind_of_step) {
  struct Nothing : WorkloadStep {
    void begin(Stage&) override {}
  };
  Handlers handlers = built_in_handlers();
  DeviceIndex read = 99;
  handlers.steps["greet"] = [&read](JsonObject& keys, const Names& names) -> StepFactory {
    read = names.device(keys.at("device"));
    return [] { return std::make_unique<Nothing>(); };
  };
  const std::string text = with(R"("kind": "pair")", R"("kind": "greet", "device": "bob")");
  // The keys of another kind are unknown to this one.
  const auto refused = parse_scenario("x.json", text, handlers, 1);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("unknown key"));
  EXPECT_EQ(read, 1u);
  // Nobody else knows what it does: it may pair and send.
  const auto accepted = parse_scenario("x.json", R"({ "version": 1, "duration_s": 1,
      "topology": { "devices": [{ "name": "bob" }] },
      "workload": [{ "kind": "greet", "name": "hello", "device": "bob" }],
      "expectations": [{ "kind": "all_paired", "within_s": 1 },
                       { "kind": "digest_equal", "send": "hello" }] })",
                                       handlers, 1);
  EXPECT_TRUE(accepted) << accepted.error().message;
}

TEST(Decimal, is_exact_or_nothing) {
  EXPECT_EQ(parse_decimal("0", 9), 0u);
  EXPECT_EQ(parse_decimal("1.5", 9), 1'500'000'000u);
  EXPECT_EQ(parse_decimal("0.000000001", 9), 1u);
  EXPECT_EQ(parse_decimal("7.000", 0), 7u);
  EXPECT_EQ(parse_decimal("18446744073709551615", 0), ~std::uint64_t{0});
  for (const char* wrong : {"", ".", "1.", ".5", "-1", "+1", "1e5", "1.0000000001", "0x1", " 1",
                            "18446744073709551616", "18446744074"}) {
    EXPECT_FALSE(parse_decimal(wrong, 9)) << wrong;
  }
}

TEST(Decimal, is_written_as_it_is_read) {
  EXPECT_EQ(write_decimal(0, 9), "0");
  EXPECT_EQ(write_decimal(60'500, 3), "60.5");
  EXPECT_EQ(write_decimal(1, 9), "0.000000001");
  EXPECT_EQ(write_decimal(700, 2), "7");
  EXPECT_EQ(write_decimal(700, 0), "700");
}

TEST(Decimal, an_exponent_moves_the_point) {
  EXPECT_EQ(without_exponent("15.25"), "15.25");
  EXPECT_EQ(without_exponent("1e-05"), "0.00001");
  EXPECT_EQ(without_exponent("1.5e-5"), "0.000015");
  EXPECT_EQ(without_exponent("1e+18"), "1" + std::string(18, '0'));
  EXPECT_EQ(without_exponent("1.25e1"), "12.5");
  EXPECT_EQ(without_exponent("1.25E2"), "125");
}

// --- helpers ------------------------------------------------------------------------------------

const char* const kWhole = R"({
  "version": 1,
  "description": "Everything once",
  "duration_s": 60.5,
  "topology": {
    "devices": [
      { "name": "alice", "interface": { "rate_mbps": 100, "receive_batch_ms": 0.05 } },
      { "name": "bob", "address": "2001:db8::7",
        "disk": { "capacity_bytes": 1000000, "sync_ms": 20 } }
    ],
    "links": [
      { "between": ["alice", "bob"],
             "rate_mbps": 2.5, "queue_bytes": 1000, "delay_ms": 15, "loss_percent": 1.25,
             "reorder_percent": 1, "reorder_delay_ms": 5,
             "back": { "loss_percent": 0 } }
    ]
  },
  "workload": [
    { "kind": "pair", "initiator": "alice", "joiner": "bob" },
    { "kind": "send", "name": "photos", "at_s": 2, "from": "alice", "to": "bob",
      "destination": "from-alice",
      "content": { "tree": "photos", "files": 3, "directories": 1, "most_bytes": 10 } }
  ],
  "faults": [
    { "kind": "link", "at_s": 4, "between": ["alice", "bob"], "up": false },
    { "kind": "crash", "at_s": 5, "device": "bob", "down_s": 2 },
    { "kind": "link", "at_s": 6, "between": ["bob", "alice"], "up": true }
  ],
  "expectations": [
    { "kind": "paired", "devices": ["alice", "bob"], "within_s": 10 },
    { "kind": "transfer_completed", "send": "photos", "within_s": 50 },
    { "kind": "digest_equal", "send": "photos" },
    { "kind": "no_violations" }
  ]
})";

// The whole scenario with its first `replaced` exchanged.
std::string with(std::string_view replaced, std::string_view by) {
  std::string text = kWhole;
  const std::size_t at = text.find(replaced);
  EXPECT_NE(at, std::string::npos) << replaced;
  if (at != std::string::npos) text.replace(at, replaced.size(), by);
  return text;
}

std::string refusal_of(const std::string& text) {
  const auto scenario = parse_scenario("some/whole.json", text, built_in_handlers(), 1);
  return scenario ? "accepted" : scenario.error().message;
}

Scenario must_parse(const std::string& text) {
  auto scenario = parse_scenario("some/whole.json", text, built_in_handlers(), 1);
  EXPECT_TRUE(scenario) << scenario.error().message;
  return scenario ? *scenario : Scenario{};
}

}  // namespace
}  // namespace kith::sim
