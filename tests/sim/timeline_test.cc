#include "sim/world/timeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <set>
#include <utility>
#include <vector>

#include "engine/base/random.h"
#include "sim/world/chance.h"

namespace kith::sim {
namespace {

using std::chrono::seconds;

struct Noting : EventTarget {
  explicit Noting(Timeline& on) : timeline(on) {}
  void on_event(Instant now, std::uint64_t argument) override {
    happened.emplace_back(now.ns, argument);
    if (then) then();
  }
  Timeline& timeline;
  std::vector<std::pair<std::int64_t, std::uint64_t>> happened;
  std::function<void()> then;
};

TEST(Timeline, runs_events_by_instant_and_equal_ones_in_the_order_they_were_scheduled) {
  Timeline timeline;
  Noting target(timeline);
  RandomSource random(std::array<std::byte, 32>{});
  std::vector<std::pair<std::int64_t, std::uint64_t>> wanted;
  for (std::uint64_t i = 0; i < 2'000; ++i) {
    const auto at = static_cast<std::int64_t>(random.below(300));
    wanted.emplace_back(at, i);
    timeline.schedule(Instant{at}, target, i);
  }
  // Pairs sort by instant and then by number, which is the order of scheduling.
  std::sort(wanted.begin(), wanted.end());
  timeline.run_until(Instant{300});
  EXPECT_EQ(target.happened, wanted);
  EXPECT_EQ(timeline.events(), 2'000u);
  EXPECT_EQ(timeline.pending(), 0u);
}

TEST(Timeline, an_event_may_schedule_another_at_its_own_instant) {
  Timeline timeline;
  Noting target(timeline);
  timeline.schedule(Instant{5}, target, 1);
  timeline.schedule(Instant{5}, target, 2);
  target.then = [&] {
    if (target.happened.size() == 1) timeline.schedule(timeline.now(), target, 3);
  };
  timeline.run_until(Instant{5});
  using Pair = std::pair<std::int64_t, std::uint64_t>;
  EXPECT_THAT(target.happened, ::testing::ElementsAre(Pair{5, 1}, Pair{5, 2}, Pair{5, 3}));
}

TEST(Timeline, gives_an_event_of_this_instant_to_be_taken_and_no_later_one) {
  Timeline timeline;
  Noting target(timeline);
  timeline.schedule(Instant{5}, target, 1);
  timeline.schedule(Instant{5}, target, 2);
  timeline.schedule(Instant{6}, target, 3);
  EXPECT_EQ(timeline.next_at_once(), nullptr);
  target.then = [&] {
    if (target.happened.size() > 1) return;
    ASSERT_NE(timeline.next_at_once(), nullptr);
    EXPECT_EQ(timeline.next_at_once()->argument, 2u);
    timeline.take_next();
    EXPECT_EQ(timeline.next_at_once(), nullptr);
  };
  timeline.run_until(Instant{10});
  using Pair = std::pair<std::int64_t, std::uint64_t>;
  EXPECT_THAT(target.happened, ::testing::ElementsAre(Pair{5, 1}, Pair{6, 3}));
  EXPECT_EQ(timeline.events(), 3u);
}

TEST(Timeline, stands_at_the_end_of_a_run_whatever_happened_in_it) {
  Timeline timeline;
  Noting target(timeline);
  timeline.schedule(Instant{20}, target);
  timeline.run_until(Instant{10});
  EXPECT_EQ(timeline.now(), Instant{10});
  EXPECT_TRUE(target.happened.empty());
  timeline.run_until(Instant{30});
  EXPECT_EQ(timeline.now(), Instant{30});
  EXPECT_EQ(target.happened.size(), 1u);
}

TEST(Timeline, halts_after_the_event_that_asked_for_it) {
  Timeline timeline;
  Noting target(timeline);
  timeline.schedule(Instant{1}, target, 1);
  timeline.schedule(Instant{2}, target, 2);
  target.then = [&] { timeline.halt(); };
  timeline.run_until(Instant{10});
  EXPECT_EQ(target.happened.size(), 1u);
  EXPECT_EQ(timeline.now(), Instant{1});
}

// Distances as they occur: at once, datagrams, retransmissions, keep-alives, hours. Some are on the
// bounds of what the timeline keeps in one place.
std::int64_t draw_distance(RandomSource& random) {
  constexpr std::array<std::int64_t, 10> kScales{
      1,          100,         65'535,      65'536,         65'537,
      10'000'000, 268'369'920, 268'435'456, 30'000'000'000, 7'200'000'000'000};
  const std::int64_t scale = kScales[random.below(kScales.size())];
  return random.below(4) == 0
             ? scale
             : static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(scale)));
}

// Whatever is scheduled from outside and by events, and however the clock is moved, the events come
// as from one sorted set.
RC_GTEST_PROP(TimelineProperty, runs_as_one_sorted_set_would, (std::uint64_t seed)) {
  RandomSource random(RandomSource(std::array<std::byte, 32>{}).fork("timeline", seed));
  Timeline timeline;
  Noting target(timeline);
  std::set<std::pair<std::int64_t, std::uint64_t>> expected;
  std::uint64_t scheduled = 0;
  const auto schedule = [&] {
    const std::int64_t at = timeline.now().ns + draw_distance(random);
    expected.emplace(at, scheduled);
    timeline.schedule(Instant{at}, target, scheduled++);
  };
  target.then = [&] {
    RC_ASSERT(target.happened.back() == *expected.begin());
    expected.erase(expected.begin());
    if (scheduled < 400 && random.below(3) > 0) schedule();
  };
  for (int round = 0; round < 20; ++round) {
    for (std::uint64_t more = random.below(8); more > 0; --more) schedule();
    const std::int64_t until = timeline.now().ns + draw_distance(random);
    timeline.run_until(Instant{until});
    RC_ASSERT(timeline.now() == Instant{until});
    RC_ASSERT(expected.empty() || expected.begin()->first > until);
    RC_ASSERT(timeline.pending() == expected.size());
  }
}

TEST(TimelineDeathTest, refuses_an_event_in_the_past) {
  Timeline timeline;
  Noting target(timeline);
  timeline.run_until(Instant{10});
  EXPECT_DEATH(timeline.schedule(Instant{9}, target), "now_");
}

TEST(Chance, a_rate_hits_as_often_as_it_says) {
  DrawStream draws(RandomSource(std::array<std::byte, 32>{}));
  int hit = 0;
  for (int i = 0; i < 100'000; ++i) {
    const auto draw = static_cast<std::uint32_t>(draws.next_u64() >> 32);
    EXPECT_FALSE(hits(draw, Ppm{0}));
    EXPECT_TRUE(hits(draw, Ppm{Ppm::kAlways}));
    if (hits(draw, Ppm{50'000})) ++hit;
  }
  // Six standard deviations of a binomial distribution, 69 each.
  EXPECT_NEAR(hit, 5'000, 414);
}

TEST(Chance, scaled_draws_cover_their_range_and_never_reach_its_end) {
  EXPECT_EQ(scaled(0, seconds(4)), Duration{0});
  EXPECT_EQ(scaled(0x80000000, seconds(4)), seconds(2));
  EXPECT_LT(scaled(0xffffffff, seconds(4)), seconds(4));
  EXPECT_EQ(scaled(0xffffffff, Duration{0}), Duration{0});
}

TEST(Chance, amounts_are_drawn_between_their_bounds_and_reach_both) {
  RandomSource random(std::array<std::byte, 32>{});
  bool least = false;
  bool most = false;
  for (int i = 0; i < 1'000; ++i) {
    const Duration drawn = draw_between(random, Duration{3}, Duration{6});
    EXPECT_GE(drawn, Duration{3});
    EXPECT_LE(drawn, Duration{6});
    least = least || drawn == Duration{3};
    most = most || drawn == Duration{6};
  }
  EXPECT_TRUE(least && most);
}

}  // namespace
}  // namespace kith::sim
