// The reference population: what is drawn comes as often as its weight says.

#include <gtest/gtest.h>

#include <array>
#include <set>

#include "sim/nat/population.h"

namespace kith::sim {
namespace {

RandomSource source() { return RandomSource(std::array<std::byte, 32>{}).fork("population"); }

TEST(NatPopulation, each_kind_has_as_many_of_100_numbers_as_its_weight) {
  std::vector<std::uint32_t> numbers(reference_population().size());
  for (std::uint32_t percentile = 0; percentile < 100; ++percentile) {
    ++numbers[kind_of_percentile(percentile)];
  }
  for (std::size_t kind = 0; kind < numbers.size(); ++kind) {
    EXPECT_EQ(numbers[kind], reference_population()[kind].percent);
  }
}

TEST(NatPopulation, kinds_and_ipv6_are_drawn_as_often_as_their_weights_say) {
  constexpr std::uint64_t kDraws = 100'000;
  std::vector<std::uint64_t> counts(reference_population().size());
  std::uint64_t with_ipv6 = 0;
  RandomSource random = source();
  for (std::uint64_t i = 0; i < kDraws; ++i) {
    const Access access = draw_access(random);
    ++counts[access.kind];
    with_ipv6 += access.ipv6.has_value();
  }
  // Five standard deviations: the square of what a count is off is at most 25 N p (1 - p).
  const auto expect_share = [](std::uint64_t count, std::uint64_t percent) {
    const auto off =
        static_cast<std::int64_t>(count * 100) - static_cast<std::int64_t>(percent * kDraws);
    EXPECT_LE(static_cast<std::uint64_t>(off * off), 25 * kDraws * percent * (100 - percent));
  };
  for (std::size_t kind = 0; kind < counts.size(); ++kind) {
    SCOPED_TRACE(reference_population()[kind].name);
    expect_share(counts[kind], reference_population()[kind].percent);
  }
  expect_share(with_ipv6, kIpv6Percent);
}

TEST(NatPopulation, chains_are_those_of_their_kind_with_drawn_timeouts) {
  using std::chrono::seconds;
  RandomSource random = source();
  std::set<std::size_t> depths;
  std::size_t absolute = 0, carriers = 0;
  for (int i = 0; i < 10'000; ++i) {
    const Access access = draw_access(random);
    const AccessKind& kind = reference_population()[access.kind];
    depths.insert(access.chain.size());
    for (std::size_t hop = 0; hop < access.chain.size(); ++hop) {
      NatSpec spec = access.chain[hop];
      EXPECT_FALSE(fault_of(spec));
      EXPECT_GE(spec.replied_timeout, seconds(120));
      EXPECT_LE(spec.replied_timeout, seconds(350));
      const bool carrier = kind.chain[hop] == "cgnat" || kind.chain[hop] == "cellular";
      carriers += carrier;
      if (spec.absolute_timeout != Duration{}) {
        EXPECT_TRUE(carrier);
        EXPECT_GE(spec.absolute_timeout, seconds(50));
        EXPECT_LE(spec.absolute_timeout, seconds(75));
        ++absolute;
      }
      const NatSpec& named = *find_nat(kind.chain[hop]);
      spec.replied_timeout = named.replied_timeout;
      spec.absolute_timeout = named.absolute_timeout;
      EXPECT_EQ(spec, named);
    }
    const bool blocked = kind.name == "udp_blocked";
    if (access.ipv6) {
      EXPECT_EQ(access.ipv6->udp_blocked, blocked);
    }
  }
  EXPECT_EQ(depths, (std::set<std::size_t>{0, 1, 2}));
  EXPECT_GT(absolute * 5, carriers);
  EXPECT_LT(absolute * 3, carriers);
}

}  // namespace
}  // namespace kith::sim
