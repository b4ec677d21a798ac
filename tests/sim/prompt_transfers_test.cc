// Transfers that move too slowly once all is well: when that is, how fast two devices could be, and
// what the checker says. Engines are played by hand.

#include "sim/checkers/prompt_transfers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/scenario/healing.h"
#include "sim/world/world.h"

namespace kith::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::HasSubstr;

constexpr std::uint64_t kMegabit = 1'000'000;
constexpr TransferId kTransfer{{std::byte{7}}};

class PromptTransfersTest : public ::testing::Test {
 protected:
  PromptTransfersTest();
  static Instant after(Duration span) { return Instant{} + span; }
  void say(Duration at, Event event) { checker_.on_output(*sender_, after(at), event); }
  void start() { say({}, TransferStarted{RequestId{1}, kTransfer, receiver_->id(), kBytes}); }
  void progress(Duration at, std::uint64_t done) {
    say(at, TransferProgress{kTransfer, TransferDirection::sending, done, kBytes, 0, {}});
  }
  void complete(Duration at) {
    say(at, TransferCompleted{kTransfer, TransferDirection::sending, kBytes, {}, 0});
  }
  void change_line(const LinkSpec& spec);

  // Ten seconds at the rate of the slower line.
  static constexpr std::uint64_t kBytes = 10 * kMegabit / 8;
  static constexpr Duration kLongest =
      PromptTransfers::kGrace + PromptTransfers::kTimesIdeal * seconds(10);

  World world_{1};
  SiteId site_ = 0;
  Device* sender_ = nullptr;
  Device* receiver_ = nullptr;
  PromptTransfers checker_{world_};
};

TEST_F(PromptTransfersTest, one_in_time_violates_nothing_and_a_later_one_does) {
  checker_.on_healed(after(seconds(5)));
  start();
  progress(seconds(10), 0);
  complete(seconds(10) + kLongest);
  EXPECT_TRUE(checker_.ok()) << checker_.first_violation();
  progress(seconds(10), 0);
  complete(seconds(11) + kLongest);
  EXPECT_THAT(checker_.first_violation(), HasSubstr("needed 321 s for the last 1250000 bytes"));
}

TEST_F(PromptTransfersTest, a_terabyte_may_take_as_long_as_it_does) {
  checker_.on_healed(after({}));
  start();
  constexpr std::uint64_t kTerabyte = 1'000'000'000'000;
  say(seconds(1), TransferProgress{kTransfer, TransferDirection::sending, 0, kTerabyte, 0, {}});
  complete(seconds(kTerabyte * 8 / kMegabit));
  EXPECT_TRUE(checker_.ok()) << checker_.first_violation();
}

TEST_F(PromptTransfersTest, what_is_not_complete_at_the_end_is_judged_too) {
  checker_.on_healed(after({}));
  start();
  progress(seconds(1), 0);
  world_.run_until(after(seconds(2) + kLongest));
  checker_.finish(world_);
  EXPECT_FALSE(checker_.ok());
}

TEST_F(PromptTransfersTest, it_counts_what_is_left_from_when_all_is_well) {
  start();
  progress(seconds(1), 0);
  checker_.on_healed(after(minutes(60)));
  progress(minutes(61), kBytes / 2);
  complete(minutes(61) + PromptTransfers::kGrace + PromptTransfers::kTimesIdeal * seconds(5));
  EXPECT_TRUE(checker_.ok()) << checker_.first_violation();
}

TEST_F(PromptTransfersTest, nobody_is_judged_while_anything_goes_wrong) {
  start();
  progress(seconds(1), 0);
  complete(minutes(60));
  EXPECT_TRUE(checker_.ok()) << checker_.first_violation();
}

TEST_F(PromptTransfersTest, a_restart_of_either_begins_anew_and_a_failure_ends_it) {
  checker_.on_healed(after({}));
  start();
  for (Device* device : {sender_, receiver_}) {
    progress(seconds(1), 0);
    checker_.on_stopped(*device, after(seconds(2)), Ending::killed);
    complete(minutes(60));
  }
  progress(seconds(1), 0);
  say(seconds(2), TransferFailed{{}, kTransfer, TransferDirection::sending, {}});
  complete(minutes(60));
  EXPECT_TRUE(checker_.ok()) << checker_.first_violation();
}

TEST_F(PromptTransfersTest, a_line_that_stays_down_is_no_fault_of_the_transfer) {
  change_line({.up = false});
  checker_.on_healed(after({}));
  start();
  progress(seconds(1), 0);
  complete(minutes(60));
  EXPECT_TRUE(checker_.ok()) << checker_.first_violation();
}

TEST_F(PromptTransfersTest, the_slowest_link_of_all_ways_out_counts) {
  EXPECT_EQ(world_.network().hardship(sender_->node())->bps, kMegabit);
  EXPECT_EQ(world_.network().hardship(receiver_->node())->bps, 0u);
  change_line({.rate_bps = 50 * kMegabit, .police_bps = 7 * kMegabit});
  EXPECT_EQ(world_.network().hardship(sender_->node())->bps, 7 * kMegabit);
  change_line({.up = false});
  EXPECT_FALSE(world_.network().hardship(sender_->node()));
}

TEST_F(PromptTransfersTest, delays_and_harm_of_the_links_of_a_way_add_up) {
  const Hardship before = *world_.network().hardship(sender_->node());
  change_line({.delay = milliseconds(40),
               .jitter = milliseconds(2),
               .loss = Ppm{20'000},
               .corrupt = Ppm{3'000},
               .truncate = Ppm{200},
               .burst_begin = Ppm{10}});
  const Hardship after = *world_.network().hardship(sender_->node());
  EXPECT_EQ(after.delay - before.delay, milliseconds(42));
  EXPECT_EQ(after.harmed.value - before.harmed.value, 23'210u);
}

TEST(PossibleRate, is_what_links_or_losses_leave) {
  const auto possible = PromptTransfers::possible_bps;
  const Hardship good{0, milliseconds(20), Ppm{}};
  EXPECT_EQ(possible(good, good, {}), PromptTransfers::kFastestBps);
  EXPECT_EQ(possible({kMegabit, {}, {}}, good, {}), kMegabit);
  // 9,600 bits in 0.2 s, times the root of 1.5 / 0.06.
  const Hardship lossy{0, milliseconds(20), Ppm{30'000}};
  EXPECT_EQ(possible(lossy, lossy, milliseconds(60)), 240'000u);
  EXPECT_EQ(possible(lossy, {1'000, {}, {}}, milliseconds(60)), 1'000u);
  const Hardship hopeless{0, Duration::max() / 8, Ppm{Ppm::kAlways}};
  EXPECT_EQ(possible(hopeless, hopeless, {}), 1u);
}

TEST(Healing, it_is_over_when_the_last_fault_has_ended) {
  EXPECT_EQ(healed_after({}), Duration{});
  std::vector<Fault> faults{{seconds(50), ClockJumpFault{0, seconds(9)}},
                            {seconds(40), SendErrorsFault{0, seconds(30)}},
                            {seconds(60), PauseFault{0, {.lasting = seconds(5)}}}};
  EXPECT_EQ(healed_after(faults), seconds(70));
  faults.push_back({seconds(60), StopFault{0, Ending::killed, seconds(15), {}}});
  EXPECT_EQ(healed_after(faults), seconds(75));
  StaleRecordsSpec stale;
  stale.listening = seconds(10);
  stale.lasting = seconds(20);
  faults.push_back({seconds(60), stale});
  EXPECT_EQ(healed_after(faults), seconds(90));
}

TEST(Healing, who_stays_cut_off_is_never_healed) {
  const PartitionFault cut{{0}, {}, 1, Network::Cut::inbound};
  const PartitionFault again{{}, {}, 1, Network::Cut::none};
  const PartitionFault other{{}, {}, 2, Network::Cut::none};
  EXPECT_EQ(healed_after({{seconds(1), cut}, {seconds(2), other}}), std::nullopt);
  EXPECT_EQ(healed_after({{seconds(2), again}, {seconds(1), cut}}), seconds(2));
  EXPECT_EQ(healed_after({{seconds(1), again}, {seconds(2), cut}}), std::nullopt);
}

// --- helpers -------------------------------------------------------------------------------------

PromptTransfersTest::PromptTransfersTest() {
  SiteSpec home;
  home.name = "home";
  home.line.up.rate_bps = kMegabit;
  site_ = world_.topology().add_site(home);
  AttachmentSpec at_home;
  at_home.site = site_;
  DeviceSpec spec;
  spec.name = "a";
  spec.attachments = {at_home};
  sender_ = &world_.add_device(spec);
  spec.name = "b";
  spec.attachments = {AttachmentSpec{}};
  receiver_ = &world_.add_device(spec);
}

void PromptTransfersTest::change_line(const LinkSpec& spec) {
  Network& network = world_.network();
  network.change_link(network.up_link(network.outside_of(world_.topology().gateway(site_))), spec);
}

}  // namespace
}  // namespace kith::sim
