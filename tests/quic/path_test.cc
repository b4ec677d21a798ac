#include <gtest/gtest.h>

#include "tests/quic/pair.h"

namespace kith::quic::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::size_t discovered_mtu(bool discover, std::size_t path_mtu) {
  Pair::Options options;
  options.client.discover_mtu = options.server.discover_mtu = discover;
  Pair pair(options);
  pair.mtu = path_mtu;
  const ConnectionId connection = pair.establish();
  pair.run_for(seconds(20));
  return pair.client.endpoint.stats(connection)->path_mtu;
}

TEST(Path, the_largest_payload_the_path_carries_is_discovered) {
  EXPECT_EQ(discovered_mtu(true, 65'507), 65'000u);
  EXPECT_EQ(discovered_mtu(true, 8972), 8952u);
  EXPECT_EQ(discovered_mtu(true, 1472), 1472u);
  EXPECT_EQ(discovered_mtu(true, 1452), 1452u);
  EXPECT_EQ(discovered_mtu(true, 1420), 1404u);
  EXPECT_EQ(discovered_mtu(true, 1280), 1232u);
  EXPECT_EQ(discovered_mtu(true, 1200), 1200u);
}

TEST(Path, nothing_above_1200_bytes_is_sent_where_discovery_is_off) {
  EXPECT_EQ(discovered_mtu(false, 65'507), 1200u);
}

TEST(Path, payloads_stay_below_the_configured_limit) {
  Pair::Options options;
  options.client.max_udp_payload = options.server.max_udp_payload = 1472;
  Pair pair(options);
  pair.mtu = 65'507;
  std::size_t largest = 0;
  pair.filter = [&](Packet& packet) {
    largest = std::max(largest, packet.bytes.size());
    return true;
  };
  const ConnectionId connection = pair.establish();
  const StreamId stream = pair.open(pair.client, connection);
  pair.client.endpoint.write(connection, stream, SharedBytes(pattern(1'000'000)), true);
  ASSERT_TRUE(pair.run_until([&] { return pair.server.streams[stream].fin; }));
  EXPECT_EQ(largest, 1472u);
}

TEST(Path, one_poll_fills_many_equal_segments) {
  Pair pair;
  const ConnectionId connection = pair.establish();
  const StreamId stream = pair.open(pair.client, connection);
  pair.client.endpoint.write(connection, stream, SharedBytes(pattern(2'000'000)), true);
  pair.run_for(seconds(2));
  pair.client.endpoint.write(connection, pair.open(pair.client, connection),
                             SharedBytes(pattern(2'000'000)), true);
  Bytes buffer(65'536);
  const auto transmit =
      pair.client.endpoint.poll_datagrams(pair.now, pair.client.socket, buffer, 64);
  ASSERT_TRUE(transmit.has_value());
  EXPECT_EQ(transmit->segment_size, 1472u);
  EXPECT_EQ(transmit->size, 44u * 1472);  // all that fits into 64 KiB
  EXPECT_EQ(transmit->remote, pair.server.address);
  EXPECT_EQ(transmit->source, pair.client.address);
}

TEST(Path, a_single_segment_per_call_works_too) {
  Pair pair;
  pair.client.max_segments = pair.server.max_segments = 1;
  const ConnectionId connection = pair.establish();
  const StreamId stream = pair.open(pair.client, connection);
  pair.client.endpoint.write(connection, stream, SharedBytes(pattern(200'000)), true);
  EXPECT_TRUE(pair.run_until([&] { return pair.server.streams[stream].fin; }));
}

TEST(Path, connections_send_in_turn) {
  Pair pair;
  const ConnectionId ids[2] = {pair.establish(), pair.establish()};
  StreamId streams[2];
  for (const std::size_t i : {0u, 1u}) {
    // The first bytes open the congestion window.
    streams[i] = pair.open(pair.client, ids[i]);
    pair.client.endpoint.write(ids[i], streams[i], SharedBytes(pattern(1'000'000)), false);
    pair.run_for(seconds(2));
  }
  std::uint64_t before[2];
  for (const std::size_t i : {0u, 1u}) {
    before[i] = pair.client.endpoint.stats(ids[i])->bytes_sent;
    pair.client.endpoint.write(ids[i], streams[i], SharedBytes(pattern(4'000'000)), true);
  }
  // A socket that takes one packet at a time, more slowly than either may send.
  Bytes buffer(1500);
  for (int i = 0; i < 40; ++i) {
    ASSERT_TRUE(pair.client.endpoint.poll_datagrams(pair.now, pair.client.socket, buffer, 1));
    pair.now = pair.now + milliseconds(1);
  }
  for (const std::size_t i : {0u, 1u}) {
    EXPECT_EQ(pair.client.endpoint.stats(ids[i])->bytes_sent - before[i], 20u * 1472);
  }
}

TEST(Path, a_connection_survives_a_new_address_of_the_client) {
  for (const bool new_ip : {false, true}) {
    Pair pair;
    const ConnectionId connection = pair.establish();
    const StreamId stream = pair.open(pair.client, connection);
    pair.client.endpoint.write(connection, stream, shared("before "), false);
    pair.run_for(seconds(1));
    // What a NAT does: the server sees another address, the client knows nothing of it.
    const Address outside =
        new_ip ? Address::v4(10, 0, 0, 77, 7777) : Address::v4(10, 0, 0, 1, 4321);
    pair.filter = [&](Packet& packet) {
      if (packet.from == pair.client.address) packet.from = outside;
      if (packet.to == outside) packet.to = pair.client.address;
      return true;
    };
    pair.client.endpoint.write(connection, stream, shared("after"), true);
    EXPECT_TRUE(pair.run_until([&] { return pair.server.streams[stream].fin; }));
    EXPECT_EQ(as_text(pair.server.streams[stream].received), "before after");
    pair.run_for(seconds(1));
    EXPECT_EQ(pair.server.endpoint.stats(pair.accepted())->remote, outside);
    pair.server.endpoint.write(pair.accepted(), stream, SharedBytes(pattern(100'000)), true);
    EXPECT_TRUE(pair.run_until([&] { return pair.client.streams[stream].fin; }));
  }
}

TEST(Path, a_packet_from_elsewhere_does_not_divert_a_connection) {
  Pair pair;
  const ConnectionId connection = pair.establish();
  const StreamId stream = pair.open(pair.client, connection);
  pair.run_for(seconds(1));
  // One real packet is replayed from an address that answers no challenge.
  const Address attacker = Address::v4(6, 6, 6, 6, 666);
  bool replayed = false;
  std::size_t to_attacker = 0;
  pair.filter = [&](Packet& packet) {
    if (packet.from == pair.client.address && !replayed) {
      replayed = true;
      packet.from = attacker;
    }
    if (packet.to == attacker) to_attacker += packet.bytes.size();
    return packet.to != attacker;
  };
  pair.client.endpoint.write(connection, stream, SharedBytes(pattern(1000)), false);
  pair.run_for(seconds(5));
  pair.client.endpoint.write(connection, stream, SharedBytes(pattern(1000)), true);
  EXPECT_TRUE(pair.run_until([&] { return pair.server.streams[stream].fin; }));
  pair.run_for(seconds(5));
  EXPECT_TRUE(replayed);
  EXPECT_EQ(pair.server.endpoint.stats(pair.accepted())->remote, pair.client.address);
  EXPECT_LE(to_attacker, 3u * 1472);
}

TEST(Path, a_socket_that_does_not_tell_its_address_is_no_new_path) {
  Pair pair;
  const ConnectionId connection = pair.establish();
  const Address told = pair.client.address;
  pair.client.address.ip = {};
  pair.filter = [&](Packet& packet) {
    if (packet.from == pair.client.address) packet.from = told;
    if (packet.to == told) packet.to = pair.client.address;
    return true;
  };
  const StreamId stream = pair.open(pair.client, connection);
  pair.client.endpoint.write(connection, stream, shared("question"), true);
  ASSERT_TRUE(pair.run_until([&] { return pair.server.streams[stream].fin; }));
  pair.server.endpoint.write(pair.accepted(), stream, shared("answer"), true);
  EXPECT_TRUE(pair.run_until([&] { return pair.client.streams[stream].fin; }));
}

TEST(Path, a_client_moves_to_another_socket_and_back_under_new_connection_ids) {
  Pair pair;
  pair.client.other_address = Address::v4(10, 0, 0, 3, 3333);
  std::map<Address, std::set<std::string>> ids;  // of packets to the server, by sender
  pair.filter = [&](Packet& packet) {
    const bool is_short = (packet.bytes[0] & std::byte{0x80}) == std::byte{};
    if (packet.to == pair.server.address && is_short) {
      ids[packet.from].insert(std::string(as_text(packet.bytes).substr(1, 8)));
    }
    return true;
  };
  const ConnectionId connection = pair.establish();
  const StreamId stream = pair.open(pair.client, connection);
  std::string sent;
  for (int i = 0; i < 6; ++i) {
    const bool away = i % 2 == 0;
    const Address& local = away ? *pair.client.other_address : pair.client.address;
    // ngtcp2 1.11 follows back to a path only when it has given up validating it: up to 3 s.
    pair.run_for(seconds(4));
    ASSERT_TRUE(pair.client.endpoint.migrate(pair.now, connection,
                                             away ? pair.client.other_socket : pair.client.socket,
                                             local, pair.server.address));
    pair.client.endpoint.write(connection, stream, shared("moving "), false);
    sent += "moving ";
    pair.run_for(seconds(1));
    EXPECT_EQ(pair.server.endpoint.stats(pair.accepted())->remote, local);
  }
  EXPECT_EQ(as_text(pair.server.streams[stream].received), sent);
  EXPECT_EQ(ids.size(), 2u);
  for (const std::string& id : ids[pair.client.address]) {
    EXPECT_FALSE(ids[*pair.client.other_address].contains(id));
  }
  EXPECT_GE(ids[*pair.client.other_address].size(), 3u);
}

TEST(Path, a_move_to_where_the_peer_is_not_reached_changes_nothing) {
  Pair pair;
  pair.client.other_address = Address::v4(10, 0, 0, 3, 3333);
  const ConnectionId connection = pair.establish();
  const StreamId stream = pair.open(pair.client, connection);
  pair.run_for(seconds(1));
  pair.filter = [&](Packet& packet) { return packet.from != *pair.client.other_address; };
  ASSERT_TRUE(pair.client.endpoint.migrate(pair.now, connection, pair.client.other_socket,
                                           *pair.client.other_address, pair.server.address));
  pair.client.endpoint.write(connection, stream, SharedBytes(pattern(100'000)), true);
  EXPECT_TRUE(pair.run_until([&] { return pair.server.streams[stream].fin; }));
  pair.run_for(seconds(20));
  EXPECT_EQ(pair.server.endpoint.stats(pair.accepted())->remote, pair.client.address);
  EXPECT_EQ(pair.client.count<Closed>(), 0u);
}

TEST(Path, only_the_client_moves_and_only_somewhere_else) {
  Pair pair;
  const ConnectionId connection = pair.establish();
  pair.run_for(seconds(1));
  EXPECT_FALSE(pair.client.endpoint.migrate(pair.now, connection, pair.client.socket,
                                            pair.client.address, pair.server.address));
  EXPECT_FALSE(pair.server.endpoint.migrate(pair.now, pair.accepted(), pair.server.socket,
                                            Address::v4(10, 0, 0, 3, 3333), pair.client.address));
}

TEST(Path, packets_are_marked_and_congestion_marks_slow_the_sender) {
  std::uint64_t windows[2];
  for (const bool marked : {false, true}) {
    Pair pair;
    std::size_t ect = 0;
    pair.filter = [&](Packet& packet) {
      ect += packet.ecn == Ecn::ect0 ? 1 : 0;
      if (marked && packet.ecn == Ecn::ect0 && packet.from == pair.client.address) {
        packet.ecn = Ecn::ce;
      }
      return true;
    };
    const ConnectionId connection = pair.establish();
    const StreamId stream = pair.open(pair.client, connection);
    pair.client.endpoint.write(connection, stream, SharedBytes(pattern(8'000'000)), true);
    ASSERT_TRUE(pair.run_until([&] { return pair.server.streams[stream].fin; }));
    EXPECT_GT(ect, 100u);
    windows[marked] = pair.client.endpoint.stats(connection)->congestion_window;
  }
  EXPECT_LT(windows[1], windows[0]);
}

TEST(Path, stats_tell_the_round_trip_and_what_was_lost) {
  Pair pair;
  pair.delay = milliseconds(20);
  const ConnectionId connection = pair.establish();
  const StreamId stream = pair.open(pair.client, connection);
  pair.faults.lost = 50;
  pair.client.endpoint.write(connection, stream, SharedBytes(pattern(1'000'000)), true);
  ASSERT_TRUE(pair.run_until([&] { return pair.server.streams[stream].fin; }));
  const auto stats = pair.client.endpoint.stats(connection);
  EXPECT_GE(stats->smoothed_rtt, milliseconds(40));
  EXPECT_LE(stats->smoothed_rtt, milliseconds(60));
  EXPECT_GT(stats->packets_lost, 10u);
  EXPECT_GE(stats->bytes_sent, 1'000'000u);
  EXPECT_EQ(stats->remote, pair.server.address);
}

}  // namespace
}  // namespace kith::quic::testing
