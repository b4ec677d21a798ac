#include "engine/base/random.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include "engine/base/text.h"

namespace kith {
namespace {

using Seed = std::array<std::byte, 32>;
Seed counting_seed();
std::string draw(RandomSource& source, std::size_t size);

// Computed by a separate implementation of the construction in random.h (Python's BLAKE2b, and
// ChaCha20 checked against RFC 8439 appendix A.1): recordings replay only while these hold.
TEST(RandomSource, its_output_is_fixed_for_ever) {
  RandomSource source(counting_seed());
  EXPECT_EQ(draw(source, 32), "15dd5f0a7404b3c97a295d40c000369e637f261cd45a5d74bf67189461201068");
  draw(source, 440);
  EXPECT_EQ(draw(source, 16), "e866a9741f77d29d570995f8ae482f03");  // eight bytes before a refill
  EXPECT_EQ(source.next_u64(), 0x02e09c956b52d78eu);
}

TEST(RandomSource, its_forks_are_fixed_for_ever) {
  const RandomSource source(counting_seed());
  RandomSource labelled = source.fork("dht");
  RandomSource numbered = source.fork("dht", 7);
  EXPECT_EQ(draw(labelled, 16), "3d57d9c7ac4bba87acc4591761b2bf48");
  EXPECT_EQ(draw(numbered, 16), "a78d5213799f3cea21219f0fb77a3c30");
}

TEST(RandomSource, fresh_entropy_changes_what_is_drawn_and_forked_from_then_on) {
  RandomSource source(counting_seed());
  source.mix(as_byte_view("fresh"));
  EXPECT_EQ(draw(source, 16), "6d649bcfe706c7c248e75f83f8a81c99");
  RandomSource child = source.fork("dht");
  EXPECT_EQ(draw(child, 16), "bd1674c681d8fe31d2f2a933b4ecf421");
}

TEST(RandomSource, two_copies_of_a_machine_part_at_the_first_draw_after_fresh_entropy) {
  RandomSource one(counting_seed());
  RandomSource other(counting_seed());
  EXPECT_EQ(draw(one, 100), draw(other, 100));  // both hold the same buffered output now
  one.mix(as_byte_view("one"));
  other.mix(as_byte_view("other"));
  EXPECT_NE(draw(one, 8), draw(other, 8));
}

TEST(RandomSource, forking_does_not_shift_draws_and_drawing_does_not_shift_forks) {
  RandomSource quiet(counting_seed());
  RandomSource busy(counting_seed());
  for (int i = 0; i < 100; ++i) {
    busy.fork("a", static_cast<std::uint64_t>(i)).next_u64();
  }
  EXPECT_EQ(draw(quiet, 64), draw(busy, 64));

  draw(busy, 5000);
  RandomSource quiet_child = quiet.fork("b");
  RandomSource busy_child = busy.fork("b");
  EXPECT_EQ(draw(quiet_child, 64), draw(busy_child, 64));
}

TEST(RandomSource, every_label_and_index_has_a_child_of_its_own) {
  const RandomSource source(counting_seed());
  std::set<std::string> first_bytes;
  const auto add = [&](RandomSource child) { first_bytes.insert(draw(child, 16)); };
  add(source.fork(""));
  add(source.fork("a"));
  add(source.fork("b"));
  add(source.fork("ab"));
  add(source.fork("a").fork("b"));
  add(source.fork("", 0));
  add(source.fork("", 1));
  add(source.fork("", 256));
  add(source.fork("a", 0));
  RandomSource itself(counting_seed());
  first_bytes.insert(draw(itself, 16));
  EXPECT_EQ(first_bytes.size(), 10u);
}

TEST(RandomSource, a_moved_source_goes_on_where_it_was) {
  RandomSource whole(counting_seed());
  const std::string expected = draw(whole, 300);

  RandomSource first(counting_seed());
  std::string drawn = draw(first, 100);
  RandomSource second(std::move(first));
  drawn += draw(second, 100);
  RandomSource third(Seed{});
  third = std::move(second);
  drawn += draw(third, 100);
  EXPECT_EQ(drawn, expected);
}

TEST(RandomSourceDeathTest, a_source_that_was_moved_away_draws_nothing) {
  RandomSource source(counting_seed());
  const RandomSource taken(std::move(source));
  EXPECT_DEATH(source.next_u64(), "KITH_CHECK");
  EXPECT_DEATH(source.fork("a"), "KITH_CHECK");
  EXPECT_DEATH(source.mix({}), "KITH_CHECK");
}

TEST(RandomSource, below_is_uniform) {
  RandomSource source(counting_seed());
  constexpr std::uint64_t kBound = 10;
  constexpr int kDraws = 100'000;
  std::array<int, kBound> count{};
  for (int i = 0; i < kDraws; ++i) ++count[source.below(kBound)];
  // Five standard deviations of a binomial with p = 0.1 are 474.
  for (const int seen : count) EXPECT_NEAR(seen, kDraws / 10, 474);
}

TEST(RandomSource, below_is_not_biased_by_a_bound_that_hardly_divides) {
  // Taken modulo this bound alone, a third of all draws would come out doubled.
  RandomSource source(counting_seed());
  const std::uint64_t bound = (std::uint64_t{1} << 63) + (std::uint64_t{1} << 62);
  constexpr int kDraws = 20'000;
  int low_third = 0;
  for (int i = 0; i < kDraws; ++i) {
    if (source.below(bound) < bound / 3) ++low_third;
  }
  // A third, within five standard deviations; with the bias it would be half.
  EXPECT_NEAR(low_third, kDraws / 3, 334);
}

TEST(RandomSource, chance_is_as_often_true_as_asked) {
  RandomSource source(counting_seed());
  constexpr int kDraws = 100'000;
  int happened = 0;
  for (int i = 0; i < kDraws; ++i) {
    EXPECT_FALSE(source.chance(0, 3));
    EXPECT_TRUE(source.chance(3, 3));
    if (source.chance(1, 4)) ++happened;
  }
  EXPECT_NEAR(happened, kDraws / 4, 685);  // five standard deviations
}

TEST(RandomSource, a_rate_of_zero_shifts_nothing_that_is_drawn_later) {
  RandomSource never(counting_seed());
  RandomSource sometimes(counting_seed());
  never.chance(0, 100);
  sometimes.chance(50, 100);
  EXPECT_EQ(never.next_u64(), sometimes.next_u64());
}

TEST(RandomSourceDeathTest, an_impossible_bound_or_rate_is_a_programmer_error) {
  RandomSource source(counting_seed());
  EXPECT_DEATH(source.below(0), "KITH_CHECK");
  EXPECT_DEATH(source.chance(1, 0), "KITH_CHECK");
  EXPECT_DEATH(source.chance(2, 1), "KITH_CHECK");
}

TEST(RandomSource, every_order_of_a_shuffle_is_equally_likely) {
  RandomSource source(counting_seed());
  constexpr int kShuffles = 24'000;
  std::map<std::string, int> count;
  for (int i = 0; i < kShuffles; ++i) {
    std::string letters = "abcd";
    source.shuffle(std::span(letters));
    ++count[letters];
  }
  ASSERT_EQ(count.size(), 24u);
  for (const auto& [order, seen] : count) EXPECT_NEAR(seen, 1000, 155) << order;
}

RC_GTEST_PROP(RandomSource, a_shuffle_loses_and_invents_nothing, (std::vector<int> items)) {
  RandomSource source(counting_seed());
  std::vector<int> shuffled = items;
  source.shuffle(std::span(shuffled));
  std::sort(items.begin(), items.end());
  std::sort(shuffled.begin(), shuffled.end());
  RC_ASSERT(shuffled == items);
}

RC_GTEST_PROP(RandomSource, how_a_draw_is_cut_up_does_not_matter, ()) {
  const auto cuts =
      *rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(0, 700));
  RandomSource whole(counting_seed());
  RandomSource parts(counting_seed());
  std::string drawn;
  for (const std::size_t size : cuts) drawn += draw(parts, size);
  RC_ASSERT(drawn == draw(whole, drawn.size() / 2));
}

RC_GTEST_PROP(RandomSource, a_number_is_eight_bytes_wherever_it_is_drawn, ()) {
  const auto skipped = *rc::gen::inRange<std::size_t>(0, 1000);
  RandomSource as_number(counting_seed());
  RandomSource as_bytes(counting_seed());
  draw(as_number, skipped);
  draw(as_bytes, skipped);
  const std::uint64_t number = as_number.next_u64();
  const auto bytes = as_bytes.bytes<8>();
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    RC_ASSERT(std::to_integer<std::uint64_t>(bytes[i]) == (number >> (8 * i) & 0xff));
  }
}

RC_GTEST_PROP(RandomSource, below_stays_below, (std::uint64_t bound)) {
  RC_PRE(bound > 0u);
  RandomSource source(counting_seed());
  for (int i = 0; i < 10; ++i) RC_ASSERT(source.below(bound) < bound);
}

Seed counting_seed() {
  Seed seed;
  for (std::size_t i = 0; i < seed.size(); ++i) seed[i] = static_cast<std::byte>(i);
  return seed;
}

std::string draw(RandomSource& source, std::size_t size) {
  Bytes out(size);
  source.fill(out);
  return to_hex(out);
}

}  // namespace
}  // namespace kith
