#include <gtest/gtest.h>

#include "tests/quic/pair.h"

namespace kith::quic::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const CloseReason* reason_at(const Host& host) {
  const auto* closed = host.last<Closed>();
  return closed == nullptr ? nullptr : &closed->reason;
}

// Sends a little so that something is in flight.
void chat(Pair& pair, ConnectionId connection, StreamId stream) {
  pair.client.endpoint.write(connection, stream, shared("still here"), false);
  pair.run_for(milliseconds(200));
}

TEST(Lifetime, an_application_code_reaches_the_peer_either_way) {
  for (const bool by_client : {true, false}) {
    Pair pair;
    const ConnectionId connection = pair.establish();
    Host& closer = by_client ? pair.client : pair.server;
    Host& other = by_client ? pair.server : pair.client;
    closer.endpoint.close(pair.now, by_client ? connection : pair.accepted(), 77, "enough");
    ASSERT_TRUE(pair.run_until([&] { return reason_at(other) != nullptr; }));
    EXPECT_EQ(reason_at(other)->kind, CloseReason::Kind::peer_application);
    EXPECT_EQ(reason_at(other)->code, 77u);
    EXPECT_EQ(reason_at(other)->text, "enough");
    EXPECT_TRUE(reason_at(other)->was_connected);
    EXPECT_EQ(reason_at(closer)->kind, CloseReason::Kind::local);
    EXPECT_EQ(reason_at(closer)->code, 77u);
  }
}

TEST(Lifetime, a_close_during_the_handshake_is_local_and_quiet) {
  Pair pair;
  const ConnectionId connection = pair.connect(pair.hello());
  pair.client.endpoint.close(pair.now, connection, 1, "changed my mind");
  pair.run_for(seconds(20));
  ASSERT_NE(reason_at(pair.client), nullptr);
  EXPECT_EQ(reason_at(pair.client)->kind, CloseReason::Kind::local);
  EXPECT_FALSE(reason_at(pair.client)->was_connected);
  EXPECT_EQ(pair.server.count<Connected>(), 0u);
}

TEST(Lifetime, a_reason_from_the_peer_is_short_and_printable) {
  Pair pair;
  const ConnectionId connection = pair.establish();
  pair.client.endpoint.close(pair.now, connection, 1,
                             std::string("\x1b[2J") + std::string(500, 'x'));
  ASSERT_TRUE(pair.run_until([&] { return reason_at(pair.server) != nullptr; }));
  EXPECT_EQ(reason_at(pair.server)->text, "?[2J" + std::string(60, 'x'));
}

TEST(Lifetime, silence_ends_a_connection_after_the_idle_timeout) {
  Pair::Options options;
  options.client.keep_alive = options.server.keep_alive = Duration{};
  Pair pair(options);
  pair.establish();
  pair.run_for(seconds(29));
  EXPECT_EQ(pair.client.count<Closed>() + pair.server.count<Closed>(), 0u);
  pair.run_for(seconds(3));
  EXPECT_EQ(reason_at(pair.client)->kind, CloseReason::Kind::idle_timeout);
  EXPECT_EQ(reason_at(pair.server)->kind, CloseReason::Kind::idle_timeout);
  pair.run_for(seconds(10));
  EXPECT_FALSE(pair.client.endpoint.next_wakeup().has_value());
  EXPECT_FALSE(pair.server.endpoint.next_wakeup().has_value());
}

TEST(Lifetime, keep_alive_holds_an_idle_connection_with_few_packets) {
  Pair pair;
  pair.establish();
  pair.run_for(seconds(5));
  const std::uint64_t before = pair.packets;
  pair.run_for(seconds(3600));
  EXPECT_EQ(pair.client.count<Closed>() + pair.server.count<Closed>(), 0u);
  EXPECT_GE(pair.packets - before, 360u);
  // A ping and its acknowledgement from each side every ten seconds, at most.
  EXPECT_LE(pair.packets - before, 4u * 360 + 10);
}

TEST(Lifetime, a_peer_that_vanishes_is_noticed_by_keep_alive) {
  Pair pair;
  pair.establish();
  pair.filter = [](Packet&) { return false; };
  pair.run_for(seconds(60));
  EXPECT_EQ(reason_at(pair.client)->kind, CloseReason::Kind::idle_timeout);
  EXPECT_EQ(reason_at(pair.server)->kind, CloseReason::Kind::idle_timeout);
}

TEST(Lifetime, keys_are_updated_on_demand_by_either_side) {
  for (const bool by_client : {true, false}) {
    Pair pair;
    const ConnectionId connection = pair.establish();
    const StreamId stream = pair.open(pair.client, connection);
    chat(pair, connection, stream);
    Host& host = by_client ? pair.client : pair.server;
    const ConnectionId id = by_client ? connection : pair.accepted();
    ASSERT_TRUE(host.endpoint.update_keys(pair.now, id));
    EXPECT_FALSE(host.endpoint.update_keys(pair.now, id));  // the first is not confirmed yet
    chat(pair, connection, stream);
    chat(pair, connection, stream);
    EXPECT_EQ(pair.client.endpoint.stats(connection)->key_updates, 1u);
    EXPECT_EQ(pair.server.endpoint.stats(pair.accepted())->key_updates, 1u);
    ASSERT_TRUE(host.endpoint.update_keys(pair.now, id));
    chat(pair, connection, stream);
    chat(pair, connection, stream);
    EXPECT_EQ(pair.client.endpoint.stats(connection)->key_updates, 2u);
    EXPECT_EQ(as_text(pair.server.streams[stream].received).size(), 50u);
  }
}

TEST(Lifetime, keys_are_updated_before_their_limit) {
  Pair::Options options;
  options.client.max_packets_per_key = 500;
  Pair pair(options);
  const ConnectionId connection = pair.establish();
  const StreamId stream = pair.open(pair.client, connection);
  pair.rate = 1'000'000;  // slow enough that an update is confirmed before the next is due
  pair.client.endpoint.write(connection, stream, SharedBytes(pattern(5'000'000)), true);
  ASSERT_TRUE(pair.run_until([&] { return pair.server.streams[stream].fin; }));
  EXPECT_EQ(pair.server.streams[stream].received, pattern(5'000'000));
  EXPECT_GE(pair.client.endpoint.stats(connection)->key_updates, 5u);
}

TEST(Lifetime, no_update_without_demand_or_limit) {
  Pair pair;
  const ConnectionId connection = pair.establish();
  const StreamId stream = pair.open(pair.client, connection);
  for (int i = 0; i < 10; ++i) chat(pair, connection, stream);
  EXPECT_EQ(pair.client.endpoint.stats(connection)->key_updates, 0u);
}

TEST(Lifetime, a_peer_that_forgot_says_so_with_a_stateless_reset) {
  Pair pair;
  const ConnectionId connection = pair.establish();
  const StreamId stream = pair.open(pair.client, connection);
  chat(pair, connection, stream);
  // The client never hears that the server closed.
  pair.filter = [&](Packet& packet) { return packet.from != pair.server.address; };
  pair.server.endpoint.close(pair.now, pair.accepted(), 0, "");
  pair.run_for(seconds(5));
  pair.filter = nullptr;
  ASSERT_EQ(pair.client.count<Closed>(), 0u);
  pair.client.endpoint.write(connection, stream, shared("anybody?"), false);
  ASSERT_TRUE(pair.run_until([&] { return reason_at(pair.client) != nullptr; }));
  EXPECT_EQ(reason_at(pair.client)->kind, CloseReason::Kind::stateless_reset);
  EXPECT_GE(pair.server.counter("stateless_reset_sent"), 1u);
  EXPECT_EQ(pair.client.counter("stateless_reset_received"), 1u);
}

// Whether the client learns from the server's next life that its connection is gone.
bool learns_of_restart(const std::optional<ResetKey>& before,
                       const std::optional<ResetKey>& after) {
  Pair::Options options;
  options.server.reset_key = before;
  Pair pair(options);
  const ConnectionId connection = pair.establish();
  const StreamId stream = pair.open(pair.client, connection);
  chat(pair, connection, stream);
  options.server.reset_key = after;
  Host next(options.server, RandomSource(std::array<std::byte, 32>{std::byte{99}}), "next life",
            pair.server.address);
  // What is sent to the server reaches its next life, and its answers the client.
  pair.filter = [&](Packet& packet) {
    if (packet.to != next.address) return false;
    DatagramsReceived batch;
    batch.socket = next.socket;
    batch.local = packet.to;
    batch.remote = packet.from;
    batch.stride = packet.bytes.size();
    batch.bytes = packet.bytes;
    next.endpoint.handle_datagrams(pair.now, batch);
    Bytes buffer(1500);
    while (const auto answer =
               next.endpoint.poll_datagrams(pair.now, next.socket, buffer, next.max_segments)) {
      std::swap(batch.local, batch.remote);
      batch.socket = pair.client.socket;
      batch.stride = answer->segment_size;
      batch.bytes = ByteView(buffer).first(answer->size);
      pair.client.endpoint.handle_datagrams(pair.now, batch);
    }
    return false;
  };
  pair.client.endpoint.write(connection, stream, shared("anybody?"), false);
  pair.run_until([&] { return reason_at(pair.client) != nullptr; }, seconds(3));
  const CloseReason* reason = reason_at(pair.client);
  return reason != nullptr && reason->kind == CloseReason::Kind::stateless_reset;
}

TEST(Lifetime, a_peer_that_started_again_says_so_if_it_has_kept_its_reset_key) {
  const ResetKey key{std::byte{1}};
  const ResetKey other{std::byte{2}};
  EXPECT_TRUE(learns_of_restart(key, key));
  EXPECT_FALSE(learns_of_restart(key, other));
  EXPECT_FALSE(learns_of_restart(std::nullopt, std::nullopt));
}

TEST(Lifetime, a_stateless_reset_with_a_wrong_token_ends_nothing) {
  Pair pair;
  const ConnectionId connection = pair.establish();
  const StreamId stream = pair.open(pair.client, connection);
  chat(pair, connection, stream);
  pair.filter = [&](Packet& packet) { return packet.from != pair.server.address; };
  pair.server.endpoint.close(pair.now, pair.accepted(), 0, "");
  pair.run_for(seconds(5));
  pair.filter = [&](Packet& packet) {
    if (packet.from == pair.server.address) packet.bytes.back() ^= std::byte{1};
    return true;
  };
  pair.client.endpoint.write(connection, stream, shared("anybody?"), false);
  pair.run_for(seconds(3));
  EXPECT_GE(pair.server.counter("stateless_reset_sent"), 1u);
  EXPECT_EQ(pair.client.count<Closed>(), 0u);
}

TEST(Lifetime, late_packets_are_answered_with_the_close_at_a_falling_rate) {
  Pair pair;
  const ConnectionId connection = pair.establish();
  const StreamId stream = pair.open(pair.client, connection);
  chat(pair, connection, stream);
  std::vector<Packet> captured;
  pair.filter = [&](Packet& packet) {
    if (packet.from == pair.client.address) captured.push_back(packet);
    return false;
  };
  pair.client.endpoint.write(connection, stream, shared("x"), false);
  pair.run_for(milliseconds(1));
  ASSERT_FALSE(captured.empty());
  pair.server.endpoint.close(pair.now, pair.accepted(), 9, "gone");
  pair.server.drain();

  std::size_t answers = 0;
  Bytes buffer(65'536);
  const auto drain_answers = [&] {
    while (pair.server.endpoint.poll_datagrams(pair.now, pair.server.socket, buffer, 1)) ++answers;
  };
  drain_answers();
  EXPECT_EQ(answers, 1u);
  answers = 0;
  const Packet late = captured.front();
  for (int i = 0; i < 100; ++i) {
    pair.server.endpoint.handle_datagrams(
        pair.now, {pair.server.socket, pair.server.address, pair.client.address, 0, Ecn::not_ect,
                   late.bytes.size(), late.bytes});
    drain_answers();
  }
  EXPECT_EQ(answers, 7u);  // after 1, 2, 4, ... 64 packets
  EXPECT_EQ(pair.server.counter("packet_after_close"), 100u);
}

TEST(Lifetime, a_retry_is_sent_above_the_threshold_and_its_token_is_accepted) {
  Pair::Options options;
  options.server.retry_above_handshakes = 0;
  Pair pair(options);
  pair.establish();
  EXPECT_EQ(pair.server.counter("retry_sent"), 1u);
}

TEST(Lifetime, no_retry_is_sent_below_the_threshold) {
  Pair pair;
  pair.establish();
  EXPECT_EQ(pair.server.counter("retry_sent"), 0u);
}

TEST(Lifetime, a_retry_token_is_good_only_for_the_address_it_was_made_for) {
  Pair::Options options;
  options.server.retry_above_handshakes = 0;
  Pair pair(options);
  const Address elsewhere = Address::v4(10, 0, 0, 66, 6666);
  // After the Retry the client's packets come from another address.
  pair.filter = [&](Packet& packet) {
    if (packet.from == pair.client.address && pair.server.counter("retry_sent") > 0) {
      packet.from = elsewhere;
    }
    return true;
  };
  pair.connect(pair.hello());
  pair.run_for(seconds(1));
  EXPECT_EQ(pair.server.count<Connected>(), 0u);
  EXPECT_GE(pair.server.counter("retry_token_invalid"), 1u);
}

TEST(Lifetime, a_retry_token_expires) {
  Pair::Options options;
  options.server.retry_above_handshakes = 0;
  options.client.handshake_timeout = seconds(60);
  Pair pair(options);
  std::vector<Packet> held;
  pair.filter = [&](Packet& packet) {
    if (packet.from != pair.client.address || pair.server.counter("retry_sent") == 0) return true;
    held.push_back(packet);
    return false;
  };
  pair.connect(pair.hello());
  pair.run_for(seconds(11));
  ASSERT_FALSE(held.empty());
  const Packet& first = held.front();
  pair.server.endpoint.handle_datagrams(
      pair.now, {pair.server.socket, pair.server.address, first.from, 0, Ecn::not_ect,
                 first.bytes.size(), first.bytes});
  EXPECT_EQ(pair.server.counter("retry_token_invalid"), 1u);
  EXPECT_EQ(pair.server.endpoint.connection_count(), 0u);
}

TEST(Lifetime, many_connections_live_side_by_side) {
  Pair pair;
  std::vector<ConnectionId> connections;
  for (int i = 0; i < 100; ++i) {
    connections.push_back(i % 2 == 0 ? pair.establish() : pair.establish(pair.psk_hello()));
  }
  EXPECT_EQ(pair.client.endpoint.connection_count(), 100u);
  std::map<ConnectionId, StreamId> streams;
  for (const ConnectionId connection : connections) {
    streams[connection] = pair.open(pair.client, connection, StreamKind::unidirectional);
    pair.client.endpoint.write(connection, streams[connection], SharedBytes(pattern(10'000)), true);
  }
  // The server's logs are by stream number only, which is the same in all of them.
  EXPECT_TRUE(pair.run_until([&] {
    const auto log = pair.server.streams.find(streams[connections[0]]);
    return log != pair.server.streams.end() && log->second.received.size() == 100u * 10'000;
  }));
  for (std::size_t i = 0; i < connections.size(); i += 2) {
    pair.client.endpoint.close(pair.now, connections[i], 0, "");
  }
  pair.run_for(seconds(100));
  EXPECT_EQ(pair.client.endpoint.connection_count(), 50u);
  EXPECT_EQ(pair.server.endpoint.connection_count(), 50u);
}

}  // namespace
}  // namespace kith::quic::testing
