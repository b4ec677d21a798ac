#include "engine/messaging/messaging.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "engine/messaging/limits.h"
#include "tests/messaging/messaging_fabric.h"

namespace kith::messaging {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using Bodies = std::vector<std::string>;

Bodies numbered(std::size_t count);
bool nothing_waits(const Fabric::Device& device);

TEST(Messaging, a_message_arrives_and_both_sides_know) {
  Fabric fabric;
  fabric.receive();
  fabric.send("{\"hello\":1}");
  EXPECT_EQ(fabric.bob().bodies(), Bodies{"{\"hello\":1}"});
  const auto queued = fabric.alice().all<MessageQueued>();
  const auto delivered = fabric.alice().all<MessageDelivered>();
  ASSERT_EQ(queued.size(), 1u);
  ASSERT_EQ(delivered.size(), 1u);
  EXPECT_EQ(queued[0].message, delivered[0].message);
  EXPECT_EQ(queued[0].message, fabric.bob().all<MessageReceived>()[0].message);
  EXPECT_EQ(delivered[0].request, RequestId{1});
  EXPECT_TRUE(nothing_waits(fabric.alice()));
}

TEST(Messaging, messages_come_in_the_order_they_were_sent) {
  Fabric fabric;
  fabric.receive();
  for (const auto& body : numbered(300)) fabric.send(body);
  EXPECT_EQ(fabric.bob().bodies(), numbered(300));
}

TEST(Messaging, a_correlation_names_the_message_that_is_answered) {
  Fabric fabric;
  fabric.receive();
  const MessageId question{{std::byte{0x42}}};
  fabric.command(Fabric::kAlice, SendMessage{RequestId{1}, fabric.bob().id, "{}", question});
  EXPECT_EQ(fabric.bob().all<MessageReceived>().at(0).correlation, question);
}

TEST(Messaging, what_is_sent_while_the_peer_is_away_comes_when_it_is_back) {
  Fabric fabric;
  fabric.bob().reachable = false;
  for (const auto& body : numbered(3)) fabric.send(body);
  EXPECT_EQ(fabric.alice().all<MessagesDelayed>().size(), 1u);
  fabric.pass(minutes(10));
  EXPECT_TRUE(fabric.alice().all<MessageDelivered>().empty());
  const std::size_t attempts = fabric.alice().all<MessagesDelayed>().size();
  EXPECT_GE(attempts, 10u);
  EXPECT_LE(attempts, 20u);
  fabric.bob().reachable = true;
  fabric.receive();
  fabric.pass(kLongestRetry);
  EXPECT_EQ(fabric.bob().bodies(), numbered(3));
}

TEST(Messaging, a_new_address_is_tried_at_once) {
  Fabric fabric;
  fabric.bob().reachable = false;
  fabric.send("{}");
  fabric.pass(minutes(5));
  fabric.bob().reachable = true;
  fabric.command(Fabric::kAlice, AddDeviceAddress{fabric.bob().id, Address::v4(192, 0, 2, 1, 1)});
  EXPECT_EQ(fabric.alice().all<MessageDelivered>().size(), 1u);
}

TEST(Messaging, the_connection_of_the_peer_carries_what_waits_for_it) {
  Fabric fabric;
  fabric.bob().reachable = false;
  fabric.receive();
  fabric.send("from alice");
  fabric.command(Fabric::kAlice, ReceiveMessages{});
  fabric.command(Fabric::kBob, SendMessage{RequestId{9}, fabric.alice().id, "from bob", {}});
  EXPECT_EQ(fabric.bob().bodies(), Bodies{"from alice"});
  EXPECT_EQ(fabric.alice().bodies(), Bodies{"from bob"});
}

TEST(Messaging, a_device_that_started_again_is_reached_by_the_connection_it_has_made_since) {
  for (const bool waits : {false, true}) {
    Fabric fabric;
    fabric.bob().acknowledges = true;
    fabric.receive();
    fabric.send("0");
    fabric.restart_unnoticed(Fabric::kBob);
    fabric.receive();
    if (waits) fabric.send("1");  // into nothing
    fabric.command(Fabric::kBob, SendMessage{RequestId{9}, fabric.alice().id, "from bob", {}});
    if (!waits) fabric.send("1");
    EXPECT_EQ(fabric.bob().bodies(), numbered(2)) << waits;
    EXPECT_EQ(fabric.alice().all<MessageDelivered>().size(), 2u) << waits;
  }
}

TEST(Messaging, what_was_queued_survives_a_restart_of_its_sender) {
  Fabric fabric;
  fabric.bob().reachable = false;
  for (const auto& body : numbered(3)) fabric.send(body);
  fabric.restart(Fabric::kAlice);
  fabric.bob().reachable = true;
  fabric.receive();
  fabric.send("3");
  fabric.pass(seconds(1));
  EXPECT_EQ(fabric.bob().bodies(), numbered(4));
}

TEST(Messaging, what_was_not_acknowledged_comes_again_after_a_restart_and_only_that) {
  Fabric fabric;
  fabric.receive();
  for (const auto& body : numbered(3)) fabric.send(body);
  const auto first = fabric.bob().all<MessageReceived>();
  fabric.command(Fabric::kBob, AcknowledgeMessage{fabric.alice().id, first.at(1).message});
  fabric.restart(Fabric::kBob);
  fabric.bob().events.clear();
  fabric.receive();
  EXPECT_EQ(fabric.bob().bodies(), (Bodies{"0", "2"}));
  EXPECT_EQ(fabric.bob().all<MessageReceived>()[0].message, first[0].message);
}

TEST(Messaging, messages_wait_until_the_application_takes_them) {
  Fabric fabric;
  fabric.send("{}");
  EXPECT_EQ(fabric.alice().all<MessageDelivered>().size(), 1u);
  EXPECT_TRUE(fabric.bob().bodies().empty());
  fabric.receive();
  fabric.receive();
  EXPECT_EQ(fabric.bob().bodies(), Bodies{"{}"});
}

// The connection is cut before the n-th write on any stream, for every n.
TEST(Messaging, cut_anywhere_each_message_comes_exactly_once) {
  std::size_t writes = 0;
  {
    Fabric fabric;
    fabric.on_wire = [&](int, const StreamWrite&) { return ++writes > 0; };
    fabric.receive();
    for (const auto& body : numbered(4)) fabric.send(body);
  }
  ASSERT_GE(writes, 10u);
  for (std::size_t cut = 1; cut <= writes; ++cut) {
    SCOPED_TRACE(cut);
    Fabric fabric;
    std::size_t seen = 0;
    fabric.on_wire = [&](int, const StreamWrite&) { return ++seen != cut; };
    fabric.receive();
    for (const auto& body : numbered(4)) fabric.send(body);
    fabric.pass(minutes(2));
    EXPECT_EQ(fabric.bob().bodies(), numbered(4));
    EXPECT_EQ(fabric.alice().all<MessageDelivered>().size(), 4u);
    EXPECT_TRUE(nothing_waits(fabric.alice()));
  }
}

// Either side is restarted in place of its n-th commit, once with it durable and once without.
TEST(Messaging, crashed_at_any_commit_each_message_is_stored_exactly_once) {
  for (int side : {Fabric::kAlice, Fabric::kBob}) {
    for (std::size_t crash = 1; crash <= 12; ++crash) {
      SCOPED_TRACE(testing::Message() << "side " << side << " commit " << crash);
      Fabric fabric;
      fabric.bob().acknowledges = true;
      std::size_t seen = 0;
      bool crashed = false;
      fabric.on_commit = [&](int at, const StoreCommit&) {
        if (at == side && ++seen == crash) crashed = true;
        return !crashed || at != side;
      };
      fabric.receive();
      for (const auto& body : numbered(4)) fabric.send(body);
      fabric.on_commit = nullptr;
      fabric.restart(side);
      fabric.receive();
      fabric.command(Fabric::kAlice, ReceiveMessages{});  // the first command begins the way
      fabric.pass(minutes(2));
      Bodies once = fabric.bob().bodies();
      once.erase(std::unique(once.begin(), once.end()), once.end());
      // What was never durable here was refused; the rest comes in order.
      EXPECT_TRUE(std::is_sorted(once.begin(), once.end()));
      EXPECT_EQ(once.size(), fabric.alice().all<MessageQueued>().size());
      EXPECT_TRUE(nothing_waits(fabric.alice()));
    }
  }
}

TEST(Messaging, a_full_disk_at_the_sender_is_told_and_queues_nothing) {
  Fabric fabric;
  fabric.receive();
  fabric.on_commit = [](int side, const StoreCommit&) { return side != Fabric::kAlice; };
  fabric.send("lost");
  ASSERT_EQ(fabric.alice().all<MessageFailed>().size(), 1u);
  EXPECT_EQ(fabric.alice().all<MessageFailed>()[0].error.code, ErrorCode::no_space);
  fabric.on_commit = nullptr;
  fabric.send("kept");
  EXPECT_EQ(fabric.bob().bodies(), Bodies{"kept"});
}

TEST(Messaging, a_full_disk_at_the_receiver_delays_and_loses_nothing) {
  Fabric fabric;
  fabric.receive();
  fabric.on_commit = [](int side, const StoreCommit&) { return side != Fabric::kBob; };
  for (const auto& body : numbered(3)) fabric.send(body);
  EXPECT_TRUE(fabric.alice().all<MessageDelivered>().empty());
  EXPECT_TRUE(fabric.bob().bodies().empty());
  fabric.on_commit = nullptr;
  fabric.pass(minutes(2));
  EXPECT_EQ(fabric.bob().bodies(), numbered(3));
}

TEST(Messaging, a_sender_restored_from_an_old_copy_loses_nothing) {
  Fabric fabric;
  fabric.receive();
  fabric.send("0");
  const RestoredState old = fabric.alice().store;
  for (const char* body : {"1", "2", "3"}) fabric.send(body);
  fabric.alice().store = old;
  fabric.restart(Fabric::kAlice);
  fabric.send("4");
  fabric.pass(minutes(1));
  EXPECT_EQ(fabric.bob().bodies(), numbered(5));
}

TEST(Messaging, an_application_that_takes_nothing_stops_its_senders_and_loses_nothing) {
  Fabric fabric;
  constexpr std::size_t kExtra = 40;
  for (const auto& body : numbered(kMaxUnacknowledged + kExtra)) fabric.send(body);
  EXPECT_EQ(fabric.alice().all<MessageDelivered>().size(), kMaxUnacknowledged);
  EXPECT_GT(fabric.uncredited[Fabric::kBob], 0u);
  fabric.bob().acknowledges = true;
  fabric.receive();
  EXPECT_EQ(fabric.bob().bodies().size(), kMaxUnacknowledged + kExtra);
  EXPECT_EQ(fabric.uncredited[Fabric::kBob], 0u);
  EXPECT_EQ(fabric.alice().all<MessageDelivered>().size(), kMaxUnacknowledged + kExtra);
}

TEST(Messaging, no_more_is_queued_than_the_limit) {
  Fabric fabric;
  fabric.bob().reachable = false;
  for (const auto& body : numbered(kMaxQueued + 1)) fabric.send(body);
  ASSERT_EQ(fabric.alice().all<MessageFailed>().size(), 1u);
  EXPECT_EQ(fabric.alice().all<MessageFailed>()[0].error.code, ErrorCode::limit_exceeded);
}

TEST(Messaging, what_cannot_be_a_message_is_refused) {
  Fabric fabric;
  fabric.send(std::string(kMaxBodyBytes + 1, 'x'));
  fabric.send("\xc0\x80");
  DeviceId stranger;
  stranger.bytes.fill(std::byte{0xcc});
  fabric.command(Fabric::kAlice, SendMessage{RequestId{50}, stranger, "{}", {}});
  const auto failed = fabric.alice().all<MessageFailed>();
  ASSERT_EQ(failed.size(), 3u);
  EXPECT_EQ(failed[0].error.code, ErrorCode::invalid_argument);
  EXPECT_EQ(failed[1].error.code, ErrorCode::invalid_argument);
  EXPECT_EQ(failed[2].error.code, ErrorCode::permission_denied);
  EXPECT_TRUE(fabric.alice().store.empty());
}

TEST(Messaging, removing_a_device_forgets_what_waits_for_it_and_from_it) {
  Fabric fabric;
  fabric.send("kept by bob");
  fabric.cut();
  fabric.bob().reachable = false;
  fabric.send("for bob");
  fabric.command(Fabric::kAlice, RemoveDevice{fabric.bob().id});
  EXPECT_EQ(fabric.alice().all<MessageFailed>().size(), 1u);
  EXPECT_TRUE(fabric.alice().store.empty());
  fabric.command(Fabric::kBob, RemoveDevice{fabric.alice().id});
  EXPECT_TRUE(fabric.bob().store.empty());
  EXPECT_EQ(fabric.alice().protocol->next_wakeup(), std::nullopt);
}

TEST(Messaging, a_connection_that_carries_nothing_ends) {
  Fabric fabric;
  fabric.receive();
  fabric.send("{}");
  EXPECT_TRUE(fabric.connected());
  fabric.pass(kIdleLinger - seconds(1));
  EXPECT_TRUE(fabric.connected());
  fabric.pass(seconds(2));
  EXPECT_FALSE(fabric.connected());
  EXPECT_EQ(fabric.alice().protocol->next_wakeup(), std::nullopt);
  fabric.send("again");
  EXPECT_EQ(fabric.bob().bodies().size(), 2u);
}

TEST(Messaging, an_envelope_out_of_order_ends_the_connection_and_nothing_is_stored) {
  Fabric fabric;
  fabric.receive();
  bool changed = false;
  fabric.on_wire = [&](int from, const StreamWrite& write) {
    if (from != Fabric::kAlice || changed) return true;
    changed = true;  // an envelope in place of the greeting
    const Bytes frame = encode(Envelope{5, {}, {}, "forged"});
    fabric.bob().protocol->handle(
        fabric.now, StreamReceived{write.connection, write.stream, ByteView(frame), false});
    return true;
  };
  fabric.send("{}");
  fabric.pass(minutes(1));
  EXPECT_EQ(fabric.bob().bodies(), Bodies{"{}"});
}

RC_GTEST_PROP(Messaging, random_bytes_from_a_peer_are_counted_and_harmless, ()) {
  Fabric fabric;
  fabric.receive();
  const auto noise = *rc::gen::nonEmpty(
      rc::gen::container<std::vector<std::uint8_t>>(rc::gen::arbitrary<std::uint8_t>()));
  bool injected = false;
  fabric.on_wire = [&](int from, const StreamWrite& write) {
    if (std::exchange(injected, true)) return true;
    fabric.bob().protocol->handle(
        fabric.now,
        StreamReceived{write.connection, write.stream, std::as_bytes(std::span(noise)), false});
    return from == Fabric::kAlice;
  };
  fabric.send("{}");
  fabric.pass(minutes(2));
  RC_ASSERT(fabric.bob().bodies() == Bodies{"{}"});
}

// Sends, cuts, restarts and full disks in any order, then quiet: all that was durable arrives, once
// and in order.
RC_GTEST_PROP(Messaging, whatever_happens_each_durable_message_comes_once_and_in_order, ()) {
  Fabric fabric;
  fabric.bob().acknowledges = true;
  fabric.receive();
  std::size_t sent = 0;
  const auto steps = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 8));
  for (const int step : steps) {
    if (step <= 2) fabric.send(std::to_string(1000 + sent++));
    if (step == 3) fabric.cut();
    if (step == 4) fabric.restart(Fabric::kAlice);
    if (step == 5) {
      fabric.restart(Fabric::kBob);
      fabric.receive();
    }
    if (step == 6) fabric.bob().reachable = !fabric.bob().reachable;
    if (step == 7) fabric.pass(seconds(3));
  }
  fabric.bob().reachable = true;
  fabric.send("end");
  fabric.pass(minutes(3));
  Bodies expected;
  for (std::size_t i = 0; i < sent; ++i) expected.push_back(std::to_string(1000 + i));
  expected.push_back("end");
  RC_ASSERT(fabric.bob().bodies() == expected);
}

Bodies numbered(std::size_t count) {
  Bodies bodies;
  for (std::size_t i = 0; i < count; ++i) bodies.push_back(std::to_string(i));
  return bodies;
}

bool nothing_waits(const Fabric::Device& device) {
  return std::none_of(device.store.begin(), device.store.end(), [](const auto& entry) {
    return entry.first.starts_with("message/out/") && !entry.first.ends_with("/next");
  });
}

}  // namespace
}  // namespace kith::messaging
