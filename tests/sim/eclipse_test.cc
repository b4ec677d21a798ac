// An attacker who has surrounded the place in the DHT where two devices are to meet: what the DHT
// then is worth, and that neither the other ways of finding each other nor who is found suffers.

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/sim/eclipse_scene.h"

namespace kith::sim {
namespace {

struct Tally {
  std::size_t meetings = 0;
  std::size_t paired = 0;
  std::size_t wrong = 0;
  std::uint64_t deceived = 0;
  std::vector<std::int64_t> took_ms;
  // How busy the attackers were.
  std::size_t impostor_dialled = 0;  // meetings
  std::uint64_t guesses = 0;
  std::uint64_t answered_guesses = 0;
  std::uint64_t gets = 0;
  std::uint64_t puts = 0;
  std::uint64_t replayed = 0;
  std::uint64_t forged = 0;
  std::uint64_t dropped = 0;
};

// As many meetings, each in a world of its own.
Tally meet(std::size_t meetings, EclipseSpec spec);

bool at_least_95_percent(const Tally& tally) { return tally.paired * 100 >= tally.meetings * 95; }

constexpr std::size_t kMeetings = 40;

TEST(Eclipse, without_an_attacker_devices_meet_through_the_dht_alone) {
  const Tally tally = meet(kMeetings, {.sybils = 0});
  EXPECT_TRUE(at_least_95_percent(tally)) << tally.paired;
  EXPECT_EQ(tally.wrong, 0U);
}

// Shows that the attack is one: what the tests below hold is owed to the other channel.
TEST(Eclipse, surrounded_the_dht_alone_does_not_suffice) {
  const Tally tally = meet(kMeetings, {.channel = OtherChannel::none});
  EXPECT_FALSE(at_least_95_percent(tally)) << tally.paired;
  EXPECT_EQ(tally.wrong, 0U);
  EXPECT_EQ(tally.deceived, 0U);
  EXPECT_GT(tally.puts, 0U);
  EXPECT_GT(tally.replayed, 0U);
  EXPECT_GT(tally.forged, 0U);
  EXPECT_GT(tally.impostor_dialled, 0U);
}

TEST(Eclipse, surrounded_devices_on_one_lan_meet_all_the_same) {
  const Tally tally = meet(kMeetings, {.channel = OtherChannel::lan});
  EXPECT_TRUE(at_least_95_percent(tally)) << tally.paired;
  EXPECT_EQ(tally.wrong, 0U);
  EXPECT_EQ(tally.deceived, 0U);
  EXPECT_GT(tally.gets, 0U);
  EXPECT_GT(tally.puts, 0U);
}

TEST(Eclipse, surrounded_devices_meet_where_an_address_was_typed) {
  const Tally tally = meet(kMeetings, {.channel = OtherChannel::typed});
  EXPECT_TRUE(at_least_95_percent(tally)) << tally.paired;
  EXPECT_EQ(tally.wrong, 0U);
  EXPECT_EQ(tally.deceived, 0U);
  EXPECT_GT(tally.answered_guesses, 0U);
}

// That a wrong one would be noticed: whoever has the words as well is let in.
TEST(Eclipse, an_attacker_who_knows_the_words_is_the_wrong_one) {
  const Tally tally = meet(5, {.channel = OtherChannel::typed, .knows_words = true});
  EXPECT_GT(tally.wrong, 0U);
}

Tally meet(std::size_t meetings, EclipseSpec spec) {
  Tally tally;
  for (std::size_t i = 0; i < meetings; ++i) {
    spec.seed = i + 1;
    EclipseScene scene(spec);
    scene.run();
    EXPECT_TRUE(scene.foreseen());
    const EclipseScene::Outcome outcome = scene.outcome();
    ++tally.meetings;
    tally.paired += outcome.paired ? 1 : 0;
    tally.wrong += outcome.wrong ? 1 : 0;
    tally.deceived += scene.deceived();
    if (outcome.took) tally.took_ms.push_back(*outcome.took / std::chrono::milliseconds(1));
    tally.impostor_dialled += scene.dialled_impostors() > 0 ? 1 : 0;
    tally.guesses += scene.guesses().dialled;
    tally.answered_guesses += scene.guesses().answered;
    tally.dropped += scene.dropped_by_joiner();
    if (const Sybils* sybils = scene.sybils()) {
      tally.gets += sybils->counts().gets;
      tally.puts += sybils->counts().puts;
      tally.replayed += sybils->counts().replayed;
      tally.forged += sybils->counts().forged;
    }
  }
  std::sort(tally.took_ms.begin(), tally.took_ms.end());
  const auto at = [&](std::size_t percent) {
    return tally.took_ms.empty() ? 0 : tally.took_ms[(tally.took_ms.size() - 1) * percent / 100];
  };
  fmt::print(
      "{} sybils, beside the DHT {}: {} of {} paired, {} with the wrong one, median {} ms, worst "
      "{} ms; {} gets and {} puts met sybils, {} replays, {} forgeries, the joiner dropped {}; "
      "impostors dialled in {} meetings, deceiving {}; {} guesses, {} answered\n",
      spec.sybils, to_string(spec.channel), tally.paired, tally.meetings, tally.wrong, at(50),
      at(100), tally.gets, tally.puts, tally.replayed, tally.forged, tally.dropped,
      tally.impostor_dialled, tally.deceived, tally.guesses, tally.answered_guesses);
  return tally;
}

}  // namespace
}  // namespace kith::sim
