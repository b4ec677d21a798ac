#include "sim/network/network.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <utility>
#include <vector>

#include "engine/base/random.h"

namespace kith::sim {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

// A host that keeps what it gets.
struct Host : DatagramSink {
  struct Got {
    Instant at;
    std::size_t stride = 0;
    Bytes bytes;
  };
  void on_datagrams(Instant now, const Arrival& arrival) override {
    got.push_back({now, arrival.stride, to_bytes(arrival.bytes)});
    remotes.push_back(arrival.remote);
    locals.push_back(arrival.local);
    ecns.push_back(arrival.ecn);
  }
  // Their first bytes, datagram by datagram.
  std::vector<int> numbers() const {
    std::vector<int> found;
    for (const Got& batch : got) {
      for (std::size_t at = 0; at < batch.bytes.size(); at += batch.stride) {
        found.push_back(std::to_integer<int>(batch.bytes[at]));
      }
    }
    return found;
  }
  std::vector<Got> got;
  std::vector<Address> remotes, locals;
  std::vector<Ecn> ecns;
};

// Two hosts and a link of one kind both ways.
class NetworkTest : public ::testing::Test {
 protected:
  void make(const LinkSpec& link, const InterfaceSpec& first = {},
            const InterfaceSpec& second = {});
  void send(std::uint8_t number, std::size_t size = 100);
  void send_many(int count, std::size_t size = 100);
  void run(Duration time) { timeline_->run_until(timeline_->now() + time); }

  static Address address(std::uint8_t host, std::uint16_t port) {
    return Address::v4(10, 0, 0, host, port);
  }

  std::unique_ptr<Timeline> timeline_;
  std::unique_ptr<Network> network_;
  Host a_, b_;
  NodeId a_node_ = 0, b_node_ = 0;
  LinkId there_ = 0;
};

TEST_F(NetworkTest, a_datagram_arrives_after_the_delay_as_it_was_sent) {
  make({.delay = milliseconds(10)});
  network_->send(a_node_, address(1, 1111), address(2, 2222), Ecn::ect0, Bytes(3, std::byte{9}));
  run(milliseconds(9));
  EXPECT_TRUE(b_.got.empty());
  run(milliseconds(1));
  ASSERT_EQ(b_.got.size(), 1u);
  EXPECT_EQ(b_.got[0].at, Instant{} + milliseconds(10));
  EXPECT_EQ(b_.got[0].bytes, Bytes(3, std::byte{9}));
  EXPECT_EQ(b_.remotes[0], address(1, 1111));
  EXPECT_EQ(b_.locals[0], address(2, 2222));
  EXPECT_EQ(b_.ecns[0], Ecn::ect0);
  EXPECT_EQ(network_->in_flight(), 0u);
}

TEST_F(NetworkTest, a_rate_spaces_datagrams_by_their_size_with_headers) {
  make({.rate_bps = 8'000'000});  // one byte in a microsecond
  send(1, 72);
  send(2, 72);
  run(seconds(1));
  ASSERT_EQ(b_.got.size(), 2u);
  EXPECT_EQ(b_.got[0].at, Instant{} + microseconds(100));
  EXPECT_EQ(b_.got[1].at, Instant{} + microseconds(200));
}

TEST_F(NetworkTest, a_full_queue_drops_its_tail) {
  make({.rate_bps = 8'000'000, .queue_bytes = 1'000});
  send_many(100, 72);
  run(seconds(1));
  // One on the wire, ten in the queue, and one that found exactly a full queue.
  EXPECT_EQ(b_.numbers().size(), 11u);
  EXPECT_EQ(b_.numbers().back(), 10);
  EXPECT_EQ(network_->counters().fate(Fate::queue_full), 89u);
}

TEST_F(NetworkTest, equal_datagrams_of_one_instant_come_as_one_batch) {
  make({.delay = milliseconds(1)});
  send_many(10);
  send(99, 50);  // a shorter one ends the batch
  send(100, 50);
  run(seconds(1));
  ASSERT_EQ(b_.got.size(), 2u);
  EXPECT_EQ(b_.got[0].stride, 100u);
  EXPECT_EQ(b_.got[0].bytes.size(), 1'050u);
  EXPECT_EQ(b_.got[1].stride, 50u);
  EXPECT_EQ(network_->counters().delivered, 12u);
  EXPECT_EQ(network_->counters().batches, 2u);
}

TEST_F(NetworkTest, a_batch_has_the_size_of_a_gro_batch_at_most) {
  make({});
  send_many(200, 1'400);
  run(seconds(1));
  for (const Host::Got& batch : b_.got) {
    EXPECT_LE(batch.bytes.size(), 65'507u);
    EXPECT_LE(batch.bytes.size() / batch.stride, 64u);
  }
  EXPECT_EQ(b_.numbers().size(), 200u);
}

TEST_F(NetworkTest, datagrams_of_different_marks_or_ports_share_no_batch) {
  make({});
  const Bytes bytes(10);
  network_->send(a_node_, address(1, 1), address(2, 2), Ecn::not_ect, bytes);
  network_->send(a_node_, address(1, 1), address(2, 2), Ecn::ce, bytes);
  network_->send(a_node_, address(1, 9), address(2, 2), Ecn::ce, bytes);
  network_->send(a_node_, address(1, 9), address(2, 8), Ecn::ce, bytes);
  run(seconds(1));
  EXPECT_EQ(b_.got.size(), 4u);
}

TEST_F(NetworkTest, a_network_card_that_waits_collects_what_comes_meanwhile) {
  make({.rate_bps = 8'000'000}, {}, {.receive_batch = milliseconds(1)});
  send_many(20, 72);
  run(seconds(1));
  EXPECT_EQ(b_.numbers().size(), 20u);
  EXPECT_LE(b_.got.size(), 3u);
}

TEST_F(NetworkTest, loss_takes_its_share) {
  make({.loss = Ppm{100'000}});
  send_many(10'000);
  run(seconds(1));
  // Six standard deviations, 30 each.
  EXPECT_NEAR(static_cast<double>(b_.numbers().size()), 9'000, 180);
  EXPECT_EQ(b_.numbers().size() + network_->counters().fate(Fate::lost), 10'000u);
}

TEST_F(NetworkTest, duplicates_come_as_well_as_originals) {
  make({.duplicate = Ppm{Ppm::kAlways}});
  send(5);
  run(seconds(1));
  EXPECT_THAT(b_.numbers(), ::testing::ElementsAre(5, 5));
  EXPECT_EQ(network_->counters().duplicated, 1u);
}

TEST_F(NetworkTest, jitter_keeps_the_order) {
  make({.delay = milliseconds(1), .jitter = milliseconds(20)});
  for (int i = 0; i < 100; ++i) {
    send(static_cast<std::uint8_t>(i));
    run(microseconds(100));
  }
  run(seconds(1));
  std::vector<int> sorted = b_.numbers();
  std::sort(sorted.begin(), sorted.end());
  EXPECT_EQ(b_.numbers(), sorted);
  EXPECT_EQ(sorted.size(), 100u);
}

TEST_F(NetworkTest, reordered_datagrams_are_overtaken) {
  make({.delay = milliseconds(1), .reorder = Ppm{200'000}, .reorder_delay = milliseconds(5)});
  for (int i = 0; i < 100; ++i) {
    send(static_cast<std::uint8_t>(i));
    run(microseconds(100));
  }
  run(seconds(1));
  std::vector<int> sorted = b_.numbers();
  std::sort(sorted.begin(), sorted.end());
  EXPECT_NE(b_.numbers(), sorted);
  EXPECT_EQ(sorted.size(), 100u);
}

TEST_F(NetworkTest, corruption_flips_exactly_one_bit) {
  make({.corrupt = Ppm{Ppm::kAlways}});
  send(0, 64);
  run(seconds(1));
  ASSERT_EQ(b_.got.size(), 1u);
  int flipped = 0;
  for (const std::byte byte : b_.got[0].bytes) {
    flipped += __builtin_popcount(std::to_integer<unsigned>(byte));
  }
  EXPECT_EQ(flipped, 1);
}

TEST_F(NetworkTest, bursts_take_neighbours_for_a_while) {
  make({.burst_begin = Ppm{10'000}, .burst_length = milliseconds(20)});
  for (int i = 0; i < 10'000; ++i) {
    send(static_cast<std::uint8_t>(i));
    run(milliseconds(1));
  }
  const auto lost = network_->counters().fate(Fate::lost_in_burst);
  // One in a hundred begins a burst of ten on average: a tenth or so in all.
  EXPECT_NEAR(static_cast<double>(lost), 900, 250);
  const std::vector<int> numbers = b_.numbers();
  std::size_t gaps = 0;
  for (std::size_t i = 1; i < numbers.size(); ++i) gaps += (numbers[i] - numbers[i - 1]) % 256 != 1;
  EXPECT_LT(gaps * 4, lost);  // of several datagrams each
}

TEST_F(NetworkTest, a_burst_ends_though_nothing_is_sent) {
  make({.burst_begin = Ppm{Ppm::kAlways}, .burst_length = milliseconds(20)});
  send(1);
  LinkSpec calm;
  network_->change_link(there_, calm);
  run(milliseconds(20));
  send(2);
  run(seconds(1));
  EXPECT_THAT(b_.numbers(), ::testing::ElementsAre(2));
}

TEST_F(NetworkTest, a_replayed_datagram_comes_again_much_later) {
  make({.replay = Ppm{Ppm::kAlways}, .replay_delay = std::chrono::minutes(10)});
  send(7);
  run(seconds(1));
  EXPECT_THAT(b_.numbers(), ::testing::ElementsAre(7));
  run(std::chrono::minutes(10));
  EXPECT_THAT(b_.numbers(), ::testing::ElementsAre(7, 7));
  EXPECT_EQ(network_->counters().replayed, 1u);
}

TEST_F(NetworkTest, truncation_leaves_the_beginning) {
  make({.truncate = Ppm{Ppm::kAlways}});
  for (int i = 0; i < 20; ++i) send(1, 64);
  run(seconds(1));
  for (const Host::Got& got : b_.got) EXPECT_LT(got.stride, 64u);
  EXPECT_EQ(network_->counters().truncated, 20u);
}

TEST_F(NetworkTest, a_policer_drops_what_exceeds_its_rate_and_delays_nothing) {
  make({.police_bps = 8'000'000, .police_bytes = 1'000});  // one byte in a microsecond
  send_many(20, 72);
  run(microseconds(1));
  EXPECT_EQ(b_.numbers().size(), 10u);
  EXPECT_EQ(network_->counters().fate(Fate::policed), 10u);
  run(microseconds(499));
  send_many(20, 72);
  run(microseconds(1));
  EXPECT_EQ(b_.numbers().size(), 15u);
}

TEST_F(NetworkTest, bleaching_erases_marks) {
  make({.bleach_ecn = true});
  network_->send(a_node_, address(1, 1), address(2, 2), Ecn::ce, Bytes(1));
  run(seconds(1));
  EXPECT_EQ(b_.ecns[0], Ecn::not_ect);
  EXPECT_EQ(network_->counters().bleached, 1u);
}

TEST_F(NetworkTest, a_rate_of_chance_shifts_no_other_draw) {
  const auto survivors = [&](Ppm duplicate) {
    make({.loss = Ppm{300'000}, .duplicate = duplicate});
    b_ = {};
    send_many(200);
    run(seconds(1));
    std::vector<int> numbers = b_.numbers();
    std::sort(numbers.begin(), numbers.end());
    numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
    return numbers;
  };
  EXPECT_EQ(survivors(Ppm{}), survivors(Ppm{500'000}));
}

TEST_F(NetworkTest, packets_larger_than_the_mtu_vanish) {
  make({.mtu_bytes = 1'500});
  send(1, 1'472);
  send(2, 1'473);
  run(seconds(1));
  EXPECT_THAT(b_.numbers(), ::testing::ElementsAre(1));
  EXPECT_EQ(network_->counters().fate(Fate::too_big), 1u);
}

TEST_F(NetworkTest, a_link_that_is_down_carries_nothing_until_it_is_up) {
  make({});
  LinkSpec down;
  down.up = false;
  network_->change_link(there_, down);
  send(1);
  network_->change_link(there_, LinkSpec{});
  send(2);
  run(seconds(1));
  EXPECT_THAT(b_.numbers(), ::testing::ElementsAre(2));
  EXPECT_EQ(network_->counters().fate(Fate::down), 1u);
}

TEST_F(NetworkTest, what_has_no_route_goes_nowhere) {
  make({});
  network_->send(a_node_, address(1, 1), address(77, 1), Ecn::not_ect, Bytes(1));
  run(seconds(1));
  EXPECT_EQ(network_->counters().unroutable, 1u);
  EXPECT_TRUE(a_.got.empty() && b_.got.empty());
}

TEST_F(NetworkTest, an_interface_that_is_full_says_so_and_drops_nothing) {
  make({}, {.rate_bps = 8'000'000, .queue_bytes = 1'000});
  int sent = 0;
  while (network_->can_send(a_node_)) {
    send(static_cast<std::uint8_t>(sent), 72);
    ++sent;
  }
  EXPECT_EQ(sent, 10);
  EXPECT_EQ(network_->room_at(a_node_), Instant{} + microseconds(500));
  timeline_->run_until(network_->room_at(a_node_));
  EXPECT_TRUE(network_->can_send(a_node_));
  run(seconds(1));
  EXPECT_EQ(b_.numbers().size(), 10u);
}

TEST_F(NetworkTest, the_same_seed_does_the_same_and_another_does_not) {
  const LinkSpec link{.jitter = milliseconds(3), .loss = Ppm{100'000}, .duplicate = Ppm{50'000}};
  std::vector<std::vector<int>> runs;
  for (int i = 0; i < 2; ++i) {
    make(link);
    b_ = {};
    send_many(200);
    run(seconds(1));
    runs.push_back(b_.numbers());
  }
  EXPECT_EQ(runs[0], runs[1]);
  std::array<std::byte, 32> other_seed{std::byte{1}};
  Link one(link, RandomSource(std::array<std::byte, 32>{}));
  Link other(link, RandomSource(other_seed));
  int differences = 0;
  for (int i = 0; i < 200; ++i) {
    Transit first, second;
    if (one.admit(Instant{i}, 100, first) != other.admit(Instant{i}, 100, second)) ++differences;
  }
  EXPECT_GT(differences, 0);
}

TEST_F(NetworkTest, a_tap_sees_and_alters_what_is_delivered) {
  make({});
  std::size_t seen = 0;
  network_->set_delivery_tap([&](Instant, NodeId to, std::span<std::byte> bytes) {
    EXPECT_EQ(to, b_node_);
    ++seen;
    bytes[0] = std::byte{42};
  });
  send_many(3);
  run(seconds(1));
  EXPECT_EQ(seen, 3u);
  EXPECT_THAT(b_.numbers(), ::testing::Each(42));
}

// --- helpers ------------------------------------------------------------------------------------

void NetworkTest::make(const LinkSpec& link, const InterfaceSpec& first,
                       const InterfaceSpec& second) {
  network_.reset();
  timeline_ = std::make_unique<Timeline>();
  network_ = std::make_unique<Network>(*timeline_, RandomSource(std::array<std::byte, 32>{}));
  a_node_ = network_->add_node(a_, first);
  b_node_ = network_->add_node(b_, second);
  network_->add_address(a_node_, address(1, 0));
  network_->add_address(b_node_, address(2, 0));
  there_ = network_->connect(a_node_, b_node_, link);
  network_->connect(b_node_, a_node_, link);
}

void NetworkTest::send(std::uint8_t number, std::size_t size) {
  Bytes bytes(size);
  bytes[0] = std::byte{number};
  network_->send(a_node_, address(1, 4433), address(2, 4433), Ecn::not_ect, bytes);
}

void NetworkTest::send_many(int count, std::size_t size) {
  for (int i = 0; i < count; ++i) send(static_cast<std::uint8_t>(i), size);
}

}  // namespace
}  // namespace kith::sim
