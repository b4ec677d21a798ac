// What a program brings that embeds the simulator: steps that fail a run, protocols, checkers.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <utility>
#include <vector>

#include "sim/checkers/checker.h"
#include "sim/scenario/run.h"
#include "sim/world/world.h"

namespace kith::sim {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr const char* kProtocol = "test/anyone/1";

// A scenario of two devices and one step "own", with what it adds to the handlers.
Scenario scenario_with(const Handlers& handlers, const std::string& name = "");
// A step of which the parts are given.
struct Step : WorkloadStep {
  void begin(Stage& stage) override {
    if (on_begin) on_begin(stage);
  }
  void on_event(Stage&, Device& device, const Event& event) override {
    if (on_happening) on_happening(device, event);
  }
  std::string missing(Stage&) override { return lacks; }

  std::function<void(Stage&)> on_begin;
  std::function<void(Device&, const Event&)> on_happening;
  std::string lacks;
};
Handlers handlers_for(Step step);
Report report_of(const Scenario& scenario) { return sim::Run(scenario, 1).execute(); }

std::vector<std::pair<std::string, std::string>> failed(const std::vector<Finding>& findings) {
  std::vector<std::pair<std::string, std::string>> all;
  for (const Finding& each : findings) {
    if (!each.ok) all.emplace_back(each.name, each.value);
  }
  return all;
}

TEST(Handlers, what_a_step_misses_fails_the_run_under_its_name) {
  Step step;
  const Handlers content = handlers_for(step);
  EXPECT_TRUE(report_of(scenario_with(content)).ok());
  step.lacks = "no echo came back";
  const Handlers handlers = handlers_for(step);
  const Report report = report_of(scenario_with(handlers));
  EXPECT_FALSE(report.ok());
  EXPECT_THAT(failed(report.expectations), ElementsAre(std::pair("own", "no echo came back")));
  const Report named = report_of(scenario_with(handlers, "calls"));
  EXPECT_THAT(failed(named.expectations), ElementsAre(std::pair("own calls", "no echo came back")));
}

TEST(Handlers, a_run_that_is_not_over_misses_nothing_yet) {
  Step step;
  step.lacks = "no echo came back";
  const Scenario scenario = scenario_with(handlers_for(step));
  EXPECT_THAT(failed(sim::Run(scenario, 1).execute(seconds(5)).expectations), IsEmpty());
}

TEST(Handlers, a_run_that_was_halted_has_failed_for_the_reason_given) {
  Step step;
  step.on_begin = [](Stage& stage) { stage.world.halt("nothing sensible can follow"); };
  const Report report = report_of(scenario_with(handlers_for(step)));
  EXPECT_THAT(failed(report.violations),
              ElementsAre(std::pair("halted", "nothing sensible can follow")));
}

TEST(Handlers, checkers_of_the_program_watch_beside_those_that_ship) {
  struct NobodyListens final : Checker {
    std::string_view name() const override { return "nobody_listens"; }
    void on_output(Device& device, Instant at, const Output& output) override {
      const auto* event = std::get_if<Event>(&output);
      if (event != nullptr && std::holds_alternative<Listening>(*event)) {
        violate(device, at, "listens");
      }
    }
  };
  Handlers handlers = handlers_for({});
  handlers.checkers.emplace_back([](World&) { return std::make_unique<NobodyListens>(); });
  const Report report = report_of(scenario_with(handlers));
  ASSERT_EQ(report.violations.size(), 1u);
  EXPECT_EQ(report.violations[0].name, "nobody_listens");
  EXPECT_EQ(report.violations_seen, 2u);
}

TEST(Handlers, every_device_speaks_the_protocols_of_the_program) {
  std::vector<DeviceIndex> connected;
  Step step;
  step.on_begin = [](Stage& stage) {
    Device& to = stage.device(1);
    stage.device(0).submit(
        Connect{stage.new_request(), kProtocol, to.id(), told_addresses(stage.device(0), to)});
  };
  step.on_happening = [&connected](Device& device, const Event& event) {
    if (std::holds_alternative<PeerConnected>(event)) connected.push_back(device.index());
  };
  Handlers handlers = handlers_for(step);
  handlers.protocols = {{kProtocol, Access::anyone}};
  EXPECT_TRUE(report_of(scenario_with(handlers)).ok());
  EXPECT_THAT(connected, ::testing::UnorderedElementsAre(0u, 1u));
}

TEST(Stage, does_things_when_their_time_has_come_and_in_the_order_they_were_asked_for) {
  World world(1);
  Facts facts;
  Stage stage(world, facts);
  std::vector<std::pair<int, Instant>> done;
  const auto note = [&](int what) { return [&, what] { done.emplace_back(what, world.now()); }; };
  stage.after(seconds(2), note(1));
  stage.after(seconds(1), [&] {
    note(2)();
    stage.after({}, note(3));
    stage.after(seconds(1), note(4));
  });
  stage.after(seconds(9), note(5));
  world.run_until(Instant{} + seconds(5));
  const Instant one = Instant{} + seconds(1), two = Instant{} + seconds(2);
  EXPECT_THAT(done, ElementsAre(std::pair(2, one), std::pair(3, one), std::pair(1, two),
                                std::pair(4, two)));
}

// --- helpers ------------------------------------------------------------------------------------

Handlers handlers_for(Step step) {
  Handlers handlers = built_in_handlers();
  handlers.steps["own"] = [step](JsonObject&, const Names&) {
    return [step] { return std::make_unique<Step>(step); };
  };
  return handlers;
}

Scenario scenario_with(const Handlers& handlers, const std::string& name) {
  const std::string named = name.empty() ? "" : R"(, "name": ")" + name + "\"";
  const std::string text = R"({ "version": 1, "duration_s": 10,
    "topology": { "devices": [{ "name": "alice" }, { "name": "bob" }],
                  "links": [{ "between": ["alice", "bob"] }] },
    "workload": [{ "kind": "own", "at_s": 1)" +
                           named + R"( }],
    "expectations": [{ "kind": "no_violations" }] })";
  auto scenario = parse_scenario("own.json", text, handlers, 1);
  if (!scenario) throw std::runtime_error(scenario.error().message);
  return *std::move(scenario);
}

}  // namespace
}  // namespace kith::sim
