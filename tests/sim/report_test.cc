// What the log of a run keeps, and that names in its page stay text.

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "sim/report/page.h"
#include "sim/scenario/fault_notice.h"
#include "sim/scenario/run.h"

namespace kith::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;

std::uint64_t total(const EntryLog& log);
EntryLog log_of(int entries, std::size_t most);

TEST(EntryLog, keeps_everything_that_fits) {
  const EntryLog log = log_of(99, 100);
  EXPECT_EQ(log.entries().size(), 99u);
  EXPECT_EQ(log.window(), Duration{});
}

TEST(EntryLog, stays_within_its_bound_and_loses_no_count) {
  const EntryLog log = log_of(20'000, 100);
  EXPECT_LT(log.entries().size(), 100u);
  EXPECT_EQ(log.added(), 20'000u);
  EXPECT_EQ(total(log), 20'000u);
  EXPECT_GT(log.window(), Duration{});
}

TEST(EntryLog, merges_only_what_is_alike_and_close) {
  const EntryLog log = log_of(300, 200);
  for (const Entry& entry : log.entries()) {
    EXPECT_LE(entry.last - entry.at, log.window());
    EXPECT_EQ(entry.kind, entry.device % 3);
  }
}

TEST(EntryLog, is_ordered_by_time) {
  const EntryLog log = log_of(5'000, 100);
  for (std::size_t i = 1; i < log.entries().size(); ++i) {
    EXPECT_LE(log.entries()[i - 1].at, log.entries()[i].at);
  }
}

TEST(EntryLog, fits_even_if_every_entry_is_of_another_pair) {
  EntryLog log(1000);
  for (DeviceIndex i = 0; i < 20'000; ++i) {
    log.add(Instant{i}, static_cast<std::uint8_t>(i % 3), i, i + 1, 0);
  }
  EXPECT_LT(log.entries().size(), 1000u);
  EXPECT_EQ(total(log), 20'000u);
}

TEST(TextTable, numbers_each_text_once_and_has_a_bound) {
  TextTable texts;
  EXPECT_EQ(texts.number(""), 0u);
  EXPECT_EQ(texts.number("a"), texts.number("a"));
  for (int i = 0; i < 30'000; ++i) texts.number(fmt::format("text {}", i));
  EXPECT_EQ(texts.texts().size(), TextTable::kMostTexts);
  EXPECT_EQ(texts.number("one more"), 1u);
}

TEST(TextTable, shortens_between_characters) {
  TextTable texts;
  std::string text(TextTable::kMostBytes - 1, 'x');
  const std::uint32_t number = texts.number(text + "ü and more");
  EXPECT_EQ(texts.texts()[number], text);
}

TEST(Curve, keeps_its_ends_and_its_bound) {
  Curve curve;
  for (std::int64_t i = 0; i <= 10'000; ++i) {
    curve.add(Instant{i}, static_cast<std::uint64_t>(i));
    ASSERT_LE(curve.points().size(), Curve::kMostPoints);
    ASSERT_EQ(curve.points().back(), (Curve::Point{Instant{i}, static_cast<std::uint64_t>(i)}));
  }
  EXPECT_EQ(curve.points().front(), Curve::Point{});
  EXPECT_GE(curve.points().size(), Curve::kMostPoints / 2);
  for (std::size_t i = 1; i < curve.points().size(); ++i) {
    EXPECT_LT(curve.points()[i - 1].at, curve.points()[i].at);
  }
}

TEST(Samples, are_thinned_evenly) {
  Samples samples;
  for (std::int64_t i = 0; i < 100'000; ++i) samples.add(i);
  EXPECT_EQ(samples.seen(), 100'000u);
  EXPECT_LT(samples.values().size(), Samples::kMost);
  const auto stride = static_cast<std::int64_t>(samples.stride());
  for (std::size_t i = 0; i < samples.values().size(); ++i) {
    ASSERT_EQ(samples.values()[i], static_cast<std::int64_t>(i) * stride);
  }
}

TEST(PathLog, ends_a_span_at_a_pause) {
  PathLog log(10, 10);
  const Address remote = Address::v4(10, 0, 0, 1, 4433);
  for (const auto at : {seconds(1), seconds(2), seconds(9)}) {
    log.sent(0, Instant{} + at, remote, 2, 100);
  }
  ASSERT_EQ(log.paths().size(), 1u);
  ASSERT_EQ(log.paths()[0].spans.size(), 2u);
  EXPECT_EQ(log.paths()[0].spans[0].to, Instant{} + seconds(2));
  EXPECT_EQ(log.paths()[0].spans[0].datagrams, 4u);
  EXPECT_EQ(log.paths()[0].spans[1].from, Instant{} + seconds(9));
}

TEST(PathLog, merges_spans_and_leaves_paths_out_beyond_its_bounds) {
  PathLog log(3, 6);
  for (std::int64_t i = 0; i < 400; ++i) {
    const auto host = static_cast<std::uint8_t>(i % 4);
    log.sent(0, Instant{} + seconds(3 * i), Address::v4(10, 0, 0, host, 1), 1, 10);
  }
  EXPECT_EQ(log.paths().size(), 3u);
  EXPECT_EQ(log.left_out(), 100u);
  std::uint64_t datagrams = 0;
  std::size_t spans = 0;
  for (const Path& path : log.paths()) {
    spans += path.spans.size();
    for (const PathSpan& span : path.spans) datagrams += span.datagrams;
  }
  EXPECT_LE(spans, 6u);
  EXPECT_EQ(datagrams, 300u);
}

TEST(RunLog, measures_from_when_another_is_wanted_until_it_is_reached) {
  World world(1);
  DeviceSpec spec;
  spec.name = "alice";
  spec.addresses = {Address::v4(10, 0, 0, 1, 0)};
  Device& alice = world.add_device(spec);
  spec.name = "bob";
  spec.addresses = {Address::v4(10, 0, 0, 2, 0)};
  const DeviceId bob = world.add_device(spec).id();
  RunLog log(world);
  const auto at = [](int when) { return Instant{} + seconds(when); };
  const auto send = [&](int when) {
    log.on_input(alice, at(when), Command(SendMessage{{1}, bob, "{}", {}}));
  };
  const auto change = [&](int when, DeviceState state) {
    log.on_output(alice, at(when),
                  Event(DeviceChanged{{bob, "bob", state, "10.0.0.2:4433", 0}, false}));
  };
  send(1);
  send(2);
  change(4, DeviceState::connected);
  send(5);  // it is there
  change(6, DeviceState::disconnected);
  change(9, DeviceState::connected);  // nobody wanted it
  change(10, DeviceState::disconnected);
  log.on_input(alice, at(11), Command(ShareWithDevice{{2}, bob, {"/a"}, ""}));
  change(12, DeviceState::connected);
  EXPECT_THAT(log.times_to_direct().values(), ::testing::ElementsAre(3'000'000'000, 1'000'000'000));
}

// What ends the element that the data stands in, or begins another, is nowhere in it.
TEST(Page, names_cannot_leave_its_data) {
  World world(1);
  DeviceSpec spec;
  spec.name = "</script><img src=x onerror=alert(1)>&lt;'\"\\\x01\xff{{script}}\xe2\x80\xae";
  spec.addresses = {Address::v4(10, 0, 0, 1, 1)};
  Device& device = world.add_device(spec);
  RunLog log(world);
  log.on_output(device, {}, Event(RequestFailed{{}, {ErrorCode::internal, spec.name, ""}}));
  Report report;
  report.scenario = spec.name;
  report.expectations = {{spec.name, true, spec.name}};
  report.sightings = {{"messages", {}, 0, spec.name}};
  TopologyView topology;
  topology.groups = {spec.name};
  topology.nodes = {{spec.name, 0, 0, spec.name}};
  topology.edges = {{0, 0, spec.name}};
  const std::string data = page_data(report, log, topology, {spec.name, spec.name});
  for (const char* forbidden : {"<", ">", "&", "'", "\x01", "\xff", "\xe2\x80\xae"}) {
    EXPECT_THAT(data, Not(HasSubstr(forbidden)));
  }
  EXPECT_THAT(data, HasSubstr(R"(\u003c/script\u003e\u003cimg src=x)"));
  const std::string page = page_of(report, log, topology, {spec.name, ""});
  EXPECT_THAT(page, HasSubstr("{{script}}"));
  EXPECT_THAT(page, HasSubstr(page_data(report, log, topology, {spec.name, ""})));
}

TEST(Page, slices_between_which_somebody_looks_change_nothing) {
  Scenario scenario;
  scenario.name = "one";
  scenario.duration = seconds(3);
  DeviceSpec spec;
  spec.name = "alone";
  spec.addresses = {Address::v4(10, 0, 0, 1, 1)};
  scenario.topology.devices = {spec};
  const Report plain = sim::Run(scenario, 5).execute();
  int looks = 0;
  const Report watched = sim::Run(scenario, 5).execute(Duration::max(), [&looks] { ++looks; });
  EXPECT_EQ(looks, 299);
  EXPECT_EQ(watched.trace_hash, plain.trace_hash);
  EXPECT_EQ(watched.events, plain.events);
  EXPECT_EQ(watched.virtual_time, plain.virtual_time);
}

struct Complainer final : Checker {
  std::string_view name() const override { return "complainer"; }
  void on_started(Device& device, Instant at) override { violate(device, at, "began"); }
};

TEST(Checker, keeps_the_moments_of_its_first_violations) {
  World world(1);
  DeviceSpec spec;
  spec.name = "alone";
  spec.addresses = {Address::v4(10, 0, 0, 1, 1)};
  Device& device = world.add_device(spec);
  Complainer complainer;
  for (std::int64_t i = 0; i < 1000; ++i) complainer.on_started(device, Instant{i});
  EXPECT_EQ(complainer.violations(), 1000u);
  ASSERT_EQ(complainer.kept().size(), Checker::kMostKept);
  EXPECT_EQ(complainer.kept()[7].at, Instant{7});
  EXPECT_EQ(complainer.kept()[7].what, "began");
}

TEST(FaultNotice, says_what_a_link_is_from_now_on) {
  Scenario scenario;
  scenario.topology.devices.resize(2);
  scenario.topology.devices[0].name = "alice";
  scenario.topology.devices[1].name = "bob";
  scenario.topology.wires = {{0, 1, {}, {}}};
  LinkFault fault;
  fault.there.up = false;
  fault.back.delay = milliseconds(15);
  fault.back.loss = Ppm{25'000};
  const FaultNotice notice = notice_of({seconds(1), fault}, scenario);
  EXPECT_EQ(notice.what,
            "the link between alice and bob is now down there and unlimited, 15 ms, 2.5 % lost "
            "back");
  EXPECT_EQ(notice.devices, (std::vector<DeviceIndex>{0, 1}));
}

// One every 10 ms, of seven devices in turn.
EntryLog log_of(int entries, std::size_t most) {
  EntryLog log(most);
  for (int i = 0; i < entries; ++i) {
    const auto device = static_cast<DeviceIndex>(i % 7);
    log.add(Instant{} + milliseconds(10) * i, static_cast<std::uint8_t>(device % 3), device,
            kNoDevice, 0);
  }
  return log;
}

std::uint64_t total(const EntryLog& log) {
  std::uint64_t sum = 0;
  for (const Entry& entry : log.entries()) sum += entry.count;
  return sum;
}

}  // namespace
}  // namespace kith::sim
