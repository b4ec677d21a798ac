#include <gtest/gtest.h>

#include <algorithm>

#include "engine/discovery/mdns/limits.h"
#include "tests/discovery/mdns/lan.h"

namespace kith::mdns {
namespace {

constexpr std::size_t kCrowd = 100;
constexpr std::size_t kMostPackets = 25;

std::size_t most_multicasts(Lan& lan) {
  std::size_t most = 0;
  for (std::size_t i = 0; i < lan.size(); ++i) most = std::max(most, lan.device(i).multicasts);
  return most;
}

void join_all(Lan& lan, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) lan.join();
}

TEST(MdnsCrowd, a_hundred_devices_that_join_at_once_know_each_other_within_three_seconds) {
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    Lan lan({seed});
    join_all(lan, kCrowd);
    lan.run_for(seconds(3));
    EXPECT_EQ(lan.unknown_pairs(), 0u);
    lan.run_for(seconds(7));
    EXPECT_LE(most_multicasts(lan), kMostPackets);
    std::printf("seed %d: at most %zu multicasts of a device, %zu in all\n", static_cast<int>(seed),
                most_multicasts(lan), lan.multicasts());
  }
}

TEST(MdnsCrowd, both_families_together_take_no_more_packets) {
  Lan lan({4, 0, true});
  join_all(lan, kCrowd);
  lan.run_for(seconds(3));
  EXPECT_EQ(lan.unknown_pairs(), 0u);
  lan.run_for(seconds(7));
  EXPECT_LE(most_multicasts(lan), kMostPackets);
  std::printf("both: at most %zu multicasts of a device, %zu in all\n", most_multicasts(lan),
              lan.multicasts());
}

TEST(MdnsCrowd, a_tenth_of_all_packets_lost_delays_a_few_of_them) {
  Lan lan({5, 100});
  join_all(lan, kCrowd);
  lan.run_for(seconds(3));
  std::printf("loss: %zu pairs unknown after 3 s", lan.unknown_pairs());
  EXPECT_LT(lan.unknown_pairs(), kCrowd * kCrowd / 50);
  lan.run_for(seconds(7));
  std::printf(", %zu after 10 s", lan.unknown_pairs());
  EXPECT_LT(lan.unknown_pairs(), kCrowd * kCrowd / 500);
  EXPECT_LE(most_multicasts(lan), kMostPackets);
  std::printf(", at most %zu multicasts of a device\n", most_multicasts(lan));
  lan.run_for(minutes(3));
  EXPECT_EQ(lan.unknown_pairs(), 0u);
}

TEST(MdnsCrowd, who_joins_later_knows_all_and_is_known_within_two_seconds) {
  Lan lan({7});
  join_all(lan, 30);
  lan.run_for(minutes(30));
  ASSERT_EQ(lan.unknown_pairs(), 0u);
  lan.reset_counts();
  lan.join();
  lan.run_for(seconds(2));
  EXPECT_EQ(lan.unknown_pairs(), 0u);
  // Its 3 probes, 2 announcements and 2 questions, the second with known answers in 2 packets, and
  // an answer of each of the others.
  EXPECT_LE(lan.multicasts(), 30u + 8u);
}

TEST(MdnsCrowd, echoes_of_own_packets_change_nothing) {
  Lan plain({8}), echoing({8, 0, false, true});
  for (Lan* lan : {&plain, &echoing}) {
    join_all(*lan, 5);
    lan->run_for(minutes(5));
    EXPECT_EQ(lan->unknown_pairs(), 0u);
  }
  EXPECT_EQ(plain.multicasts(), echoing.multicasts());
  EXPECT_GT(echoing.device(0).mdns->counters().of(Drop::own_echo), 0u);
}

// The promise of schemas/mdns.md.
TEST(MdnsCrowd, a_stable_lan_of_five_is_quiet) {
  constexpr std::size_t kMostPerHour = 20;
  Lan lan({9});
  join_all(lan, 5);
  lan.run_for(hours(3));
  for (int hour = 0; hour < 5; ++hour) {
    lan.reset_counts();
    lan.run_for(hours(1));
    EXPECT_LE(lan.multicasts(), kMostPerHour);
    EXPECT_EQ(lan.unknown_pairs(), 0u);
    std::printf("hour %d: %zu multicasts of 5 devices\n", hour, lan.multicasts());
  }
  for (std::size_t i = 0; i < lan.size(); ++i) EXPECT_EQ(lan.device(i).events.size(), 4u);
}

TEST(MdnsCrowd, equal_seeds_give_equal_packets) {
  const auto run = [](std::uint64_t seed) {
    Lan lan({seed, 50, true, false, true});
    join_all(lan, 5);
    lan.run_for(seconds(20));
    Bytes all;
    for (const Heard& heard : lan.heard()) {
      all.insert(all.end(), heard.transmit.bytes.begin(), heard.transmit.bytes.end());
    }
    return all;
  };
  EXPECT_EQ(run(10), run(10));
  EXPECT_NE(run(10), run(11));
}

}  // namespace
}  // namespace kith::mdns
