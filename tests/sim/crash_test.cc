// Deaths planned for an effect: what the world keeps of it, and what does not happen any more.

#include "sim/world/crash.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/sim/pairing_scene.h"

namespace kith::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t kRecords = 1;  // what a device stores in a pairing: one record, twice

// The store of the device that shows the words after it died at its first commit of a pairing.
std::size_t stored_after(Moment moment, Unfinished unfinished);
Crash crash(EffectKind effect, std::uint64_t nth, Moment moment);

TEST(Crash, before_a_commit_leaves_nothing_and_after_it_everything) {
  for (const Unfinished unfinished : {Unfinished::lost, Unfinished::kept, Unfinished::drawn}) {
    EXPECT_EQ(stored_after(Moment::before, unfinished), 0u);
    EXPECT_EQ(stored_after(Moment::after, unfinished), kRecords);
  }
}

TEST(Crash, in_the_middle_of_a_commit_either_is_left_as_asked) {
  EXPECT_EQ(stored_after(Moment::during, Unfinished::lost), 0u);
  EXPECT_EQ(stored_after(Moment::during, Unfinished::kept), kRecords);
}

TEST(Crash, before_a_datagram_it_never_leaves_and_after_it_nothing_else_does) {
  for (const std::uint64_t nth : {1u, 3u}) {
    PairingScene before({});
    before.device(1).crash_at(crash(EffectKind::datagram_sent, nth, Moment::before));
    before.pair(0, 1);
    before.run_for(seconds(1));
    EXPECT_EQ(before.device(1).effects(EffectKind::datagram_sent), nth);
    EXPECT_EQ(before.device(0).effects(EffectKind::datagram_received), nth - 1);

    PairingScene after({});
    after.device(1).crash_at(crash(EffectKind::datagram_sent, nth, Moment::after));
    after.pair(0, 1);
    after.run_for(seconds(1));
    EXPECT_EQ(after.device(1).effects(EffectKind::datagram_sent), nth);
    EXPECT_EQ(after.device(0).effects(EffectKind::datagram_received), nth);
  }
}

TEST(Crash, before_a_datagram_is_received_it_is_not_answered_and_after_it_it_is) {
  PairingScene before({});
  before.device(0).crash_at(crash(EffectKind::datagram_received, 1, Moment::before));
  before.pair(0, 1);
  before.run_for(seconds(1));
  EXPECT_EQ(before.device(0).effects(EffectKind::datagram_sent), 0u);

  PairingScene after({});
  after.device(0).crash_at(crash(EffectKind::datagram_received, 1, Moment::after));
  after.pair(0, 1);
  after.run_for(seconds(1));
  EXPECT_GT(after.device(0).effects(EffectKind::datagram_sent), 0u);
}

TEST(Crash, at_a_file_operation_leaves_what_was_asked) {
  struct Expected {
    Moment moment;
    Unfinished unfinished;
    bool made;
  };
  // The first file operation of a receiver that changes anything makes its hidden directory.
  for (const Expected& expected : {Expected{Moment::before, Unfinished::kept, false},
                                   Expected{Moment::during, Unfinished::lost, false},
                                   Expected{Moment::during, Unfinished::kept, true},
                                   Expected{Moment::after, Unfinished::lost, true}}) {
    PairingScene scene({});
    scene.pair(0, 1);
    ASSERT_TRUE(scene.run_until_paired(0, 1, seconds(5)));
    const std::size_t names = scene.device(1).disk().tree("/inbox").size();
    Crash planned = crash(EffectKind::file, 1, expected.moment);
    planned.ending = Ending::killed;  // the disk then keeps what had completed
    planned.unfinished = expected.unfinished;
    scene.device(1).crash_at(planned);
    scene.device(0).submit(AddDeviceAddress{scene.device(1).id(), scene.device(1).address(4433)});
    scene.device(0).submit(ShareWithDevice{{1000}, scene.device(1).id(), {"/hello"}, ""});
    scene.run_for(seconds(1));
    ASSERT_FALSE(scene.device(1).running());
    EXPECT_EQ(scene.device(1).disk().tree("/inbox").size() > names, expected.made);
  }
}

TEST(Crash, starts_again_by_itself_once_if_asked) {
  PairingScene scene({});
  Crash planned = crash(EffectKind::datagram_sent, 2, Moment::before);
  planned.down = milliseconds(30);
  scene.device(1).crash_at(planned);
  EXPECT_TRUE(scene.device(1).crash_planned());
  scene.pair(0, 1);
  scene.run_for(milliseconds(25));
  EXPECT_FALSE(scene.device(1).crash_planned());
  EXPECT_FALSE(scene.device(1).running());
  scene.run_for(seconds(5));
  EXPECT_TRUE(scene.device(1).running());
  EXPECT_EQ(scene.device(1).lives(), 2u);
  EXPECT_EQ(scene.device(0).lives(), 1u);
}

TEST(Crash, a_plan_that_is_over_ends_nobody) {
  for (const bool in_time : {false, true}) {
    PairingScene scene({});
    Crash planned = crash(EffectKind::datagram_sent, 2, Moment::before);
    planned.until = in_time ? Instant{} + seconds(1) : Instant{};
    scene.device(1).crash_at(planned);
    EXPECT_EQ(scene.device(1).crash_planned(), in_time);
    scene.pair(0, 1);
    scene.run_for(milliseconds(25));
    EXPECT_EQ(scene.device(1).running(), !in_time);
  }
}

TEST(Crash, a_run_with_one_is_the_same_for_the_same_seed) {
  const auto run = [](std::uint64_t nth) {
    PairingScene scene({});
    Crash planned = crash(EffectKind::datagram_sent, nth, Moment::after);
    planned.down = milliseconds(30);
    scene.device(0).crash_at(planned);
    scene.pair(0, 1);
    scene.run_for(seconds(5));
    return scene.world().trace_hash();
  };
  EXPECT_EQ(run(2), run(2));
  EXPECT_NE(run(2), run(3));
}

// --- helpers ------------------------------------------------------------------------------------

Crash crash(EffectKind effect, std::uint64_t nth, Moment moment) {
  Crash planned;
  planned.effect = effect;
  planned.nth = nth;
  planned.moment = moment;
  return planned;
}

std::size_t stored_after(Moment moment, Unfinished unfinished) {
  PairingScene scene({});
  Crash planned = crash(EffectKind::store_commit, 1, moment);
  planned.unfinished = unfinished;
  scene.device(0).crash_at(planned);
  scene.pair(0, 1);
  scene.run_for(seconds(1));
  EXPECT_FALSE(scene.device(0).running());
  return scene.device(0).store().content().size();
}

}  // namespace
}  // namespace kith::sim
