// What a device sends by itself: the checker sees what is too much, and is content with an engine's
// pace. Engines are played by hand.

#include "sim/checkers/background_traffic.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/discovery/dht/krpc.h"
#include "sim/world/world.h"

namespace kith::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

class BackgroundTrafficTest : public ::testing::Test {
 protected:
  BackgroundTrafficTest();
  static Instant after(Duration span) { return Instant{} + span; }
  // From the socket of QUIC, or from that of multicast DNS.
  void send(Duration at, const Address& to, const Bytes& bytes, SocketId from = kQuic);
  void receive(Duration at, const Address& from, const Address& local, const Bytes& bytes);
  // Every near node is asked for one name.
  void walk(Duration at, std::uint8_t name);

  static constexpr SocketId kQuic{1}, kMulticastDns{2};

  World world_{1};
  Device* device_ = nullptr;
  BackgroundTraffic checker_;
};

const Address kGroup = Address::v4(224, 0, 0, 251, mdns::kPort);
const Address kPeer = Address::v4(10, 0, 0, 2, 4433);
const Address kOwn = Address::v4(10, 0, 0, 1, 4433);

// The first bit of a short packet is not set.
Bytes packet(std::size_t size) { return Bytes(size, std::byte{0x41}); }

TEST_F(BackgroundTrafficTest, three_look_ups_at_an_engines_pace_violate_nothing) {
  for (const int at : {0, 3, 9, 21, 36, 51, 66, 81, 96, 111, 126}) {
    for (std::uint8_t name = 1; name <= 3; ++name) walk(seconds(at), name);
  }
  EXPECT_TRUE(checker_.ok()) << checker_.first_violation();
}

TEST_F(BackgroundTrafficTest, a_look_up_in_every_second_is_seen) {
  for (int at = 0; at < 60; ++at) walk(seconds(at), 1);
  EXPECT_THAT(checker_.first_violation(), HasSubstr("the same over 30 times within a minute"));
}

TEST_F(BackgroundTrafficTest, ever_other_questions_are_seen) {
  for (int i = 0; i < 70; ++i) walk(milliseconds(800 * i), static_cast<std::uint8_t>(i));
  EXPECT_THAT(checker_.first_violation(), HasSubstr("asked over 500 questions within a minute"));
}

TEST_F(BackgroundTrafficTest, multicast_dns_that_nobody_asked_for_is_seen) {
  for (int i = 0; i < 300; ++i) send(milliseconds(150 * i), kGroup, Bytes(40), kMulticastDns);
  EXPECT_THAT(checker_.first_violation(), HasSubstr("sent 261 datagrams of multicast DNS"));
}

TEST_F(BackgroundTrafficTest, a_peer_to_whom_a_nat_gave_port_5353_is_not_multicast_dns) {
  const Address behind_nat = Address::v4(20, 0, 0, 21, mdns::kPort);
  for (int i = 0; i < 300; ++i) send(milliseconds(150 * i), behind_nat, packet(1200));
  EXPECT_TRUE(checker_.ok()) << checker_.first_violation();
}

TEST_F(BackgroundTrafficTest, who_is_asked_by_multicast_dns_may_answer) {
  const Address neighbour = Address::v4(10, 0, 0, 3, 5353);
  for (int i = 0; i < 300; ++i) {
    receive(milliseconds(150 * i), neighbour, kGroup, Bytes(40));
    send(milliseconds(150 * i + 100), kGroup, Bytes(40), kMulticastDns);
  }
  EXPECT_TRUE(checker_.ok()) << checker_.first_violation();
}

TEST_F(BackgroundTrafficTest, a_keep_alive_ten_times_a_second_is_seen_also_if_it_is_answered) {
  for (int i = 0; i < 500; ++i) {
    send(milliseconds(100 * i), kPeer, packet(30));
    receive(milliseconds(100 * i + 20), kPeer, kOwn, packet(34));
  }
  EXPECT_THAT(checker_.first_violation(), HasSubstr("over 416 small packets within a minute"));
}

TEST_F(BackgroundTrafficTest, each_connection_of_an_application_may_be_kept_alive_beside) {
  for (int i = 0; i < 3; ++i) checker_.on_output(*device_, after({}), Event(PeerConnected{}));
  for (int i = 0; i < 700; ++i) send(milliseconds(80 * i), kPeer, packet(30));
  EXPECT_TRUE(checker_.ok()) << checker_.first_violation();
  for (int i = 700; i < 800; ++i) send(milliseconds(75 * i), kPeer, packet(30));
  EXPECT_THAT(checker_.first_violation(), HasSubstr("over 728 small packets within a minute"));
}

TEST_F(BackgroundTrafficTest, small_packets_of_who_has_something_under_way_are_no_keep_alive) {
  for (int i = 0; i < 1000; ++i) {
    if (i % 100 == 0)
      checker_.on_output(*device_, after(milliseconds(20 * i)), Event(MessageReceived{}));
    send(milliseconds(20 * i), kPeer, packet(30));
  }
  for (int i = 0; i < 1000; ++i) {
    if (i % 100 == 0) receive(milliseconds(20 * i), kPeer, kOwn, packet(1200));
    send(milliseconds(20 * i), kPeer, packet(30));
  }
  EXPECT_TRUE(checker_.ok()) << checker_.first_violation();
}

TEST_F(BackgroundTrafficTest, resets_are_no_keep_alive) {
  for (int i = 0; i < 500; ++i) {
    receive(milliseconds(i), kPeer, kOwn, packet(30));
    send(milliseconds(i), kPeer, packet(29));
  }
  EXPECT_TRUE(checker_.ok()) << checker_.first_violation();
}

// --- helpers ------------------------------------------------------------------------------------

BackgroundTrafficTest::BackgroundTrafficTest() {
  DeviceSpec spec;
  spec.name = "alice";
  spec.addresses = {kOwn};
  device_ = &world_.add_device(spec);
  checker_.on_input(*device_, {}, Input(SocketOpened{kQuic, kOwn}));
  checker_.on_input(*device_, {}, Input(SocketOpened{kMulticastDns, kGroup}));
}

void BackgroundTrafficTest::send(Duration at, const Address& to, const Bytes& bytes,
                                 SocketId from) {
  Transmit transmit;
  transmit.socket = from;
  transmit.remote = to;
  transmit.size = bytes.size();
  transmit.segment_size = bytes.size();
  checker_.on_transmit(*device_, after(at), transmit, bytes);
}

void BackgroundTrafficTest::receive(Duration at, const Address& from, const Address& local,
                                    const Bytes& bytes) {
  DatagramsReceived received;
  received.local = local;
  received.remote = from;
  received.stride = bytes.size();
  received.bytes = bytes;
  checker_.on_input(*device_, after(at), Input(received));
}

void BackgroundTrafficTest::walk(Duration at, std::uint8_t name) {
  dht::Query query;
  dht::Get get;
  get.target.bytes[0] = std::byte{name};
  query.request = get;
  const Bytes bytes = dht::encode({Bytes(4), dht::kClient, std::nullopt, query});
  for (std::uint8_t each = 0; each < 8; ++each) send(at, Address::v4(31, each, 1, 1, 6881), bytes);
}

}  // namespace
}  // namespace kith::sim
