// Who gets in, through the whole engine: QUIC, TLS, registries and protocols.

#include <gtest/gtest.h>

#include <algorithm>

#include "engine/base/text.h"
#include "engine/core/revocations.h"
#include "tests/engine/lab.h"

namespace kith {
namespace {

using std::chrono::seconds;

void share(Lab& lab, std::size_t from, std::size_t to, std::uint64_t request);
bool was_connected(LabDevice& device, const LabDevice& peer);

TEST(Access, two_engines_pair_over_quic) {
  Lab lab(2);
  lab.pair(0, 1);
  EXPECT_EQ(lab[0].state_of(lab[1]), DeviceState::paired);
  EXPECT_EQ(lab[1].state_of(lab[0]), DeviceState::paired);
  EXPECT_EQ(events_of<Paired>(lab[0].events).size(), 1u);
}

TEST(Access, a_pairing_survives_heavy_loss) {
  Lab lab(2);
  std::uint32_t count = 0;
  lab.on_wire = [&](const Address&, const Address&, Bytes&) { return ++count % 3 != 0; };
  lab.pair(0, 1);
  EXPECT_EQ(lab[0].state_of(lab[1]), DeviceState::paired);
  EXPECT_EQ(lab[1].state_of(lab[0]), DeviceState::paired);
}

TEST(Access, a_wrong_code_is_refused_by_the_handshake) {
  Lab lab(2);
  lab[0].command(StartPairing{RequestId{10}});
  lab[1].command(JoinPairing{RequestId{11}, {}, {lab[0].address}});
  EXPECT_TRUE(lab.run_until([&] { return !events_of<PairingFailed>(lab[1].events).empty(); }));
  EXPECT_EQ(events_of<PairingFailed>(lab[1].events)[0].error.code, ErrorCode::refused);
  EXPECT_TRUE(lab[0].engine->devices().empty());
}

TEST(Access, nobody_at_the_address_is_unreachable) {
  Lab lab(1);
  lab[0].command(JoinPairing{RequestId{11}, {}, {Address::v4(192, 0, 2, 99, 4000)}});
  EXPECT_TRUE(lab.run_until([&] { return !events_of<PairingFailed>(lab[0].events).empty(); }));
  EXPECT_EQ(events_of<PairingFailed>(lab[0].events)[0].error.code, ErrorCode::unreachable);
}

TEST(Access, joining_without_an_address_fails_at_once_where_nothing_finds_one) {
  Lab lab(1);
  lab[0].command(JoinPairing{RequestId{11}, {}, {}});
  ASSERT_FALSE(events_of<PairingFailed>(lab[0].events).empty());
  EXPECT_EQ(events_of<PairingFailed>(lab[0].events)[0].error.code, ErrorCode::unreachable);
  EXPECT_TRUE(lab[0].sent.empty());
}

TEST(Access, sharing_with_an_unpaired_device_sends_no_datagram) {
  Lab lab(2);
  share(lab, 0, 1, 20);
  lab.run_for(seconds(2));
  EXPECT_FALSE(events_of<TransferFailed>(lab[0].events).empty());
  EXPECT_TRUE(lab[0].sent.empty());
}

TEST(Access, a_paired_device_gets_in_also_after_restarts) {
  Lab lab(2);
  lab.pair(0, 1);
  for (int round = 0; round < 2; ++round) {
    lab[0].events.clear();
    share(lab, 1, 0, static_cast<std::uint64_t>(20 + round));
    lab.run_for(seconds(15));
    EXPECT_TRUE(was_connected(lab[0], lab[1]));
    lab[0].restart();
    lab[1].restart();
  }
}

TEST(Access, a_clock_that_is_wrong_by_years_locks_nobody_out) {
  Lab lab(2);
  lab.pair(0, 1);
  lab.unix_ms = 0;
  lab[1].restart();
  share(lab, 1, 0, 20);
  lab.run_for(seconds(15));
  EXPECT_TRUE(was_connected(lab[0], lab[1]));
}

TEST(Access, a_device_that_was_removed_is_refused_at_once_and_after_a_restart) {
  Lab lab(2);
  lab.pair(0, 1);
  lab[0].command(RemoveDevice{lab[1].id()});
  EXPECT_TRUE(lab[0].engine->devices().empty());
  for (int round = 0; round < 2; ++round) {
    const auto request = static_cast<std::uint64_t>(20 + round);
    share(lab, 1, 0, request);
    lab.run_for(seconds(15));
    EXPECT_FALSE(was_connected(lab[1], lab[0]));
    lab[0].restart();
  }
}

TEST(Access, a_blocked_device_is_refused_at_once_and_after_a_restart) {
  Lab lab(2);
  lab.pair(0, 1);
  lab[0].command(BlockDevice{lab[1].id()});
  EXPECT_EQ(lab[0].state_of(lab[1]), DeviceState::blocked);
  lab[0].restart();
  EXPECT_EQ(lab[0].state_of(lab[1]), DeviceState::blocked);
  lab[1].command(AddDeviceAddress{lab[0].id(), lab[0].address});
  share(lab, 1, 0, 20);
  lab.run_for(seconds(15));
  EXPECT_FALSE(was_connected(lab[1], lab[0]));
}

TEST(Access, a_revocation_that_could_not_be_stored_is_stored_as_soon_as_it_can_be) {
  for (const bool blocked : {false, true}) {
    Lab lab(2);
    lab.pair(0, 1);
    bool full = true;
    int failed = 0;
    lab.on_commit = [&](const StoreCommit&) { return !full || ++failed == 0; };
    const std::size_t before = lab[0].events.size();
    if (blocked) {
      lab[0].command(BlockDevice{lab[1].id()});
    } else {
      lab[0].command(RemoveDevice{lab[1].id()});
    }
    lab.run_for(std::chrono::minutes(10));
    // Refused meanwhile, but nobody is told that it will stay so.
    EXPECT_EQ(lab[0].engine->devices().size(), blocked ? 1u : 0u);
    EXPECT_EQ(lab[0].events.size(), before);
    EXPECT_GE(failed, 10);
    EXPECT_LE(failed, 20);
    full = false;
    lab.run_for(Revocations::kLongestPause);
    ASSERT_EQ(lab[0].events.size(), before + 1);
    EXPECT_EQ(std::get<DeviceChanged>(lab[0].events.back()).removed, !blocked);
    lab[0].restart();
    EXPECT_EQ(lab[0].state_of(lab[1]), blocked ? DeviceState::blocked : DeviceState::discovered);
  }
}

TEST(Access, a_removal_that_could_not_be_stored_does_not_undo_a_later_pairing) {
  Lab lab(2);
  lab.pair(0, 1);
  bool full = true;
  lab.on_commit = [&](const StoreCommit&) { return !full; };
  lab[0].command(RemoveDevice{lab[1].id()});
  full = false;
  lab.pair(0, 1);
  lab.run_for(2 * Revocations::kLongestPause);
  lab[0].restart();
  EXPECT_EQ(lab[0].state_of(lab[1]), DeviceState::paired);
}

TEST(Access, a_device_removed_or_blocked_amid_a_handshake_is_not_connected) {
  // By either side, after so many datagrams of the handshake.
  for (const std::size_t by : {0u, 1u}) {
    for (const bool blocked : {false, true}) {
      for (int after = 0; after < 12; ++after) {
        SCOPED_TRACE(testing::Message() << by << blocked << after);
        Lab lab(2);
        lab.pair(0, 1);
        const DeviceId peer = lab[1 - by].id();
        int datagrams = 0;
        lab.on_wire = [&](const Address&, const Address&, Bytes&) { return ++datagrams > 0; };
        share(lab, 1, 0, 20);
        lab.run_until([&] { return datagrams >= after; });
        const bool before = was_connected(lab[by], lab[1 - by]);
        if (blocked) {
          lab[by].command(BlockDevice{peer});
        } else {
          lab[by].command(RemoveDevice{peer});
        }
        lab.run_for(seconds(20));
        if (!before) {
          EXPECT_FALSE(was_connected(lab[by], lab[1 - by]));
        }
        EXPECT_EQ(lab[by].engine->devices().size(), blocked ? 1u : 0u);
      }
    }
  }
}

TEST(Access, the_same_seed_gives_the_same_datagrams) {
  const auto datagrams = [](std::uint8_t seed) {
    Lab lab(2, seed);
    lab.pair(0, 1);
    auto all = lab[0].sent;
    all.insert(all.end(), lab[1].sent.begin(), lab[1].sent.end());
    return all;
  };
  EXPECT_EQ(datagrams(1), datagrams(1));
  EXPECT_NE(datagrams(1), datagrams(2));
}

TEST(Access, interleaved_labs_do_not_disturb_each_other) {
  Lab alone(2, 3);
  alone.pair(0, 1);
  Lab one(2, 3);
  Lab two(2, 4);
  one[0].command(StartPairing{RequestId{10}});
  two.pair(0, 1);
  one[1].command(JoinPairing{RequestId{11}, code_shown_by(one[0]), {one[0].address}});
  for (int i = 0; i < 1000; ++i) {
    one.run_until([] { return false; }, std::chrono::milliseconds(2));
    two.run_until([] { return false; }, std::chrono::milliseconds(2));
  }
  EXPECT_EQ(one[1].state_of(one[0]), DeviceState::paired);
  EXPECT_EQ(one[1].sent.front(), alone[1].sent.front());
}

TEST(Access, no_key_and_no_name_leaves_a_device_in_the_clear) {
  Lab lab(2);
  lab.pair(0, 1);
  for (LabDevice* device : {&lab[0], &lab[1]}) {
    const std::string name = "device";
    for (const Bytes& datagram : device->sent) {
      EXPECT_EQ(as_text(datagram).find(name), std::string_view::npos);
      const auto id = device->id();
      EXPECT_EQ(std::search(datagram.begin(), datagram.end(), id.bytes.begin(), id.bytes.end()),
                datagram.end());
    }
  }
}

void share(Lab& lab, std::size_t from, std::size_t to, std::uint64_t request) {
  lab[from].command(AddDeviceAddress{lab[to].id(), lab[to].address});
  lab[from].command(ShareWithDevice{RequestId{request}, lab[to].id(), {"/nowhere"}, ""});
}

bool was_connected(LabDevice& device, const LabDevice& peer) {
  for (const auto& change : events_of<DeviceChanged>(device.events)) {
    if (change.device.id == peer.id() && change.device.state == DeviceState::connected) return true;
  }
  return false;
}

}  // namespace
}  // namespace kith
