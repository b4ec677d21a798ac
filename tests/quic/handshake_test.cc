#include <gtest/gtest.h>

#include "tests/quic/pair.h"

namespace kith::quic::testing {
namespace {

TEST(Handshake, raw_public_keys_name_both_sides) {
  Pair pair;
  pair.establish();
  const auto* at_client = pair.client.last<Connected>();
  const auto* at_server = pair.server.last<Connected>();
  EXPECT_TRUE(at_client->initiated_here);
  EXPECT_FALSE(at_server->initiated_here);
  EXPECT_EQ(at_client->peer, pair.server.key->id());
  EXPECT_EQ(at_server->peer, pair.client.key->id());
  EXPECT_EQ(at_client->own_key, pair.client.key->id());
  EXPECT_EQ(at_server->own_key, pair.server.key->id());
  EXPECT_FALSE(at_client->by_psk);
  EXPECT_FALSE(at_server->by_psk);
  EXPECT_EQ(at_client->alpn, "kith/test/1");
  EXPECT_EQ(at_server->alpn, "kith/test/1");
  EXPECT_EQ(at_server->server_name, "server");
  EXPECT_EQ(at_client->remote, pair.server.address);
  EXPECT_EQ(at_client->exporter, at_server->exporter);
  EXPECT_NE(at_client->exporter, (std::array<std::byte, 32>{}));
}

TEST(Handshake, a_psk_names_both_sides_and_no_key_is_shown) {
  Pair pair;
  pair.establish(pair.psk_hello());
  const auto* at_client = pair.client.last<Connected>();
  const auto* at_server = pair.server.last<Connected>();
  EXPECT_TRUE(at_client->by_psk);
  EXPECT_TRUE(at_server->by_psk);
  EXPECT_EQ(at_client->peer, pair.server.key->id());
  EXPECT_EQ(at_server->peer, pair.client.key->id());
  EXPECT_EQ(at_client->psk_identity, "paired");
  EXPECT_EQ(at_server->psk_identity, "paired");
  EXPECT_EQ(at_client->own_key, DeviceId{});
  EXPECT_EQ(at_server->own_key, DeviceId{});
  EXPECT_EQ(at_server->server_name, "");
  EXPECT_EQ(at_client->exporter, at_server->exporter);
  EXPECT_EQ(pair.server.policy.asked_for_key, 0);
}

// Runs until the client's connection is closed, and says why.
CloseReason refusal_at_client(Pair& pair, const ClientHello& hello);

TEST(Handshake, a_wrong_psk_is_refused) {
  Pair pair;
  pair.server.policy.psks["paired"].key[0] ^= std::byte{1};
  const CloseReason reason = refusal_at_client(pair, pair.psk_hello());
  EXPECT_EQ(reason.kind, CloseReason::Kind::tls_alert);
  EXPECT_FALSE(reason.was_connected);
  EXPECT_EQ(pair.client.count<Connected>(), 0u);
  EXPECT_EQ(pair.server.count<Connected>(), 0u);
  EXPECT_EQ(pair.server.policy.asked_to_admit, 0);
}

TEST(Handshake, an_unknown_psk_identity_gets_unrecognized_name) {
  Pair pair;
  const CloseReason reason = refusal_at_client(pair, pair.psk_hello("stranger"));
  EXPECT_EQ(reason.kind, CloseReason::Kind::tls_alert);
  EXPECT_EQ(reason.code, 112u);
  EXPECT_EQ(pair.server.count<Connected>(), 0u);
}

TEST(Handshake, a_client_with_a_psk_does_not_fall_back_to_raw_keys) {
  Pair pair;
  pair.server.policy.keys[""] = pair.server.key;
  const CloseReason reason = refusal_at_client(pair, pair.psk_hello("stranger"));
  EXPECT_EQ(reason.kind, CloseReason::Kind::not_named);
  EXPECT_EQ(pair.client.count<Connected>(), 0u);
  EXPECT_EQ(pair.server.count<Connected>(), 0u);
}

TEST(Handshake, a_server_that_proves_another_key_is_refused) {
  Pair pair;
  ClientHello hello = pair.hello();
  hello.expected_key = pair.client.key->id();
  const CloseReason reason = refusal_at_client(pair, hello);
  EXPECT_EQ(reason.kind, CloseReason::Kind::not_named);
  EXPECT_EQ(reason.code, 42u);
  EXPECT_EQ(pair.client.count<Connected>(), 0u);
  EXPECT_EQ(pair.server.count<Connected>(), 0u);
  ASSERT_EQ(pair.server.count<Closed>(), 1u);
  EXPECT_EQ(pair.server.last<Closed>()->reason.kind, CloseReason::Kind::tls_alert);
  EXPECT_EQ(pair.server.last<Closed>()->reason.code, 42u);
}

TEST(Handshake, an_unknown_server_name_gets_unrecognized_name_and_sees_no_key) {
  Pair pair;
  ClientHello hello = pair.hello();
  hello.server_name = "somebody.else";
  const CloseReason reason = refusal_at_client(pair, hello);
  EXPECT_EQ(reason.kind, CloseReason::Kind::tls_alert);
  EXPECT_EQ(reason.code, 112u);
  EXPECT_EQ(pair.server.policy.asked_for_key, 1);
}

TEST(Handshake, a_client_that_names_nobody_sees_no_key) {
  Pair pair;
  ClientHello hello = pair.hello();
  hello.server_name = "";
  EXPECT_EQ(refusal_at_client(pair, hello).code, 112u);
}

TEST(Handshake, no_common_protocol_gets_no_application_protocol) {
  for (const bool with_psk : {false, true}) {
    for (const char* alpn : {"kith/other/1", "kith/none", "kith/test/11", "test"}) {
      Pair pair;
      ClientHello hello = with_psk ? pair.psk_hello() : pair.hello();
      hello.alpns = {alpn};
      const CloseReason reason = refusal_at_client(pair, hello);
      EXPECT_EQ(reason.kind, CloseReason::Kind::tls_alert) << alpn;
      EXPECT_EQ(reason.code, 120u) << alpn;
      EXPECT_EQ(pair.server.policy.asked_for_key, 0) << alpn;
    }
  }
}

TEST(Handshake, a_server_without_protocols_for_a_name_refuses_it) {
  Pair pair;
  pair.server.policy.alpns.clear();
  EXPECT_EQ(refusal_at_client(pair, pair.hello()).code, 120u);
}

TEST(Handshake, the_server_chooses_the_protocol_by_its_own_preference) {
  Pair pair;
  pair.server.policy.alpns = {"b", "a", "c"};
  ClientHello hello = pair.hello();
  hello.alpns = {"a", "b"};
  pair.establish(hello);
  EXPECT_EQ(pair.client.last<Connected>()->alpn, "b");
  EXPECT_EQ(pair.server.last<Connected>()->alpn, "b");
}

TEST(Handshake, the_exporter_depends_on_the_protocol) {
  std::array<std::byte, 32> exporters[2];
  for (const std::size_t i : {0u, 1u}) {
    Pair pair;
    pair.server.policy.alpns = {"a", "b"};
    ClientHello hello = pair.hello();
    hello.alpns = {i == 0 ? "a" : "b"};
    pair.establish(hello);
    exporters[i] = pair.client.last<Connected>()->exporter;
  }
  EXPECT_NE(exporters[0], exporters[1]);
}

TEST(Handshake, the_server_shows_the_key_that_belongs_to_the_name) {
  Pair pair;
  pair.server.policy.keys["other"] = pair.client.key;
  ClientHello hello = pair.hello();
  hello.server_name = "other";
  hello.expected_key = pair.client.key->id();
  pair.establish(hello);
  EXPECT_EQ(pair.client.last<Connected>()->peer, pair.client.key->id());
  EXPECT_EQ(pair.server.last<Connected>()->own_key, pair.client.key->id());
  EXPECT_EQ(pair.server.last<Connected>()->server_name, "other");
}

TEST(Handshake, any_proven_key_will_do_where_none_is_expected) {
  Pair pair;
  ClientHello hello = pair.hello();
  hello.expected_key.reset();
  pair.establish(hello);
  EXPECT_EQ(pair.client.last<Connected>()->peer, pair.server.key->id());
}

TEST(Handshake, a_peer_that_is_not_admitted_is_closed) {
  for (const bool with_psk : {false, true}) {
    Pair pair;
    pair.server.policy.admits = false;
    const CloseReason reason = refusal_at_client(pair, with_psk ? pair.psk_hello() : pair.hello());
    EXPECT_EQ(reason.kind, CloseReason::Kind::peer_transport);
    EXPECT_EQ(reason.code, 0x02u);
    EXPECT_EQ(pair.server.count<Connected>(), 0u);
    ASSERT_EQ(pair.server.count<Closed>(), 1u);
    EXPECT_EQ(pair.server.last<Closed>()->reason.kind, CloseReason::Kind::not_admitted);
    EXPECT_EQ(pair.server.policy.asked_to_admit, 1);
  }
}

TEST(Handshake, a_server_that_never_answers_is_given_up) {
  Pair pair;
  pair.filter = [](Packet&) { return false; };
  const Instant begun = pair.now;
  const CloseReason reason = refusal_at_client(pair, pair.hello());
  EXPECT_EQ(reason.kind, CloseReason::Kind::handshake_timeout);
  EXPECT_GE(pair.now - begun, std::chrono::seconds(10));
  EXPECT_LE(pair.now - begun, std::chrono::seconds(11));
  EXPECT_EQ(pair.client.endpoint.connection_count(), 0u);
}

TEST(Handshake, a_client_that_vanishes_is_forgotten) {
  Pair pair;
  int seen = 0;
  pair.filter = [&](Packet& packet) { return packet.from == pair.server.address || seen++ == 0; };
  pair.connect(pair.hello());
  pair.run_for(std::chrono::milliseconds(50));
  EXPECT_EQ(pair.server.endpoint.connection_count(), 1u);
  pair.run_for(std::chrono::seconds(30));
  EXPECT_EQ(pair.server.endpoint.connection_count(), 0u);
  EXPECT_FALSE(pair.server.endpoint.next_wakeup().has_value());
}

TEST(Handshake, chacha20_and_aes_work_for_keys_and_psks) {
  for (const bool server_prefers_chacha : {false, true}) {
    for (const bool client_prefers_chacha : {false, true}) {
      for (const bool with_psk : {false, true}) {
        Pair::Options options;
        options.server.prefer_chacha20 = server_prefers_chacha;
        options.client.prefer_chacha20 = client_prefers_chacha;
        Pair pair(options);
        const ConnectionId id = pair.establish(with_psk ? pair.psk_hello() : pair.hello());
        const StreamId stream = pair.open(pair.client, id);
        pair.client.endpoint.write(id, stream, SharedBytes(pattern(50'000)), true);
        EXPECT_TRUE(pair.run_until([&] { return pair.server.streams[stream].fin; }));
        EXPECT_EQ(pair.server.streams[stream].received, pattern(50'000));
      }
    }
  }
}

TEST(Handshake, time_may_be_zero_or_negative) {
  for (const std::int64_t start :
       {std::int64_t{0}, std::int64_t{-5'000'000'000}, std::int64_t{1} << 60}) {
    Pair::Options options;
    options.start = Instant{start};
    Pair pair(options);
    pair.establish();
    pair.run_for(std::chrono::seconds(60));
    EXPECT_EQ(pair.client.count<Closed>(), 0u);
  }
}

TEST(Handshake, what_cannot_be_sent_is_refused_at_once) {
  Pair pair;
  const auto refused = [&](const ClientHello& hello) {
    const auto id = pair.client.endpoint.connect(pair.now, pair.client.socket, pair.client.address,
                                                 pair.server.address, hello);
    return !id && id.error().code == ErrorCode::invalid_argument;
  };
  ClientHello hello = pair.hello();
  hello.key = nullptr;
  EXPECT_TRUE(refused(hello));
  hello = pair.hello();
  hello.alpns.clear();
  EXPECT_TRUE(refused(hello));
  hello = pair.hello();
  hello.alpns = {"a,b"};
  EXPECT_TRUE(refused(hello));
  hello = pair.hello();
  hello.server_name = "two words";
  EXPECT_TRUE(refused(hello));
  hello = pair.psk_hello("");
  EXPECT_TRUE(refused(hello));
  hello = pair.psk_hello(std::string(129, 'x'));
  EXPECT_TRUE(refused(hello));
  EXPECT_EQ(pair.client.endpoint.connection_count(), 0u);
}

TEST(Handshake, connections_beyond_the_limit_are_refused_on_both_sides) {
  Pair::Options options;
  options.client.max_connections = 2;
  options.server.max_connections = 1;
  Pair pair(options);
  pair.establish();
  const CloseReason reason = refusal_at_client(pair, pair.hello());
  EXPECT_EQ(reason.kind, CloseReason::Kind::peer_transport);
  EXPECT_EQ(reason.code, 0x02u);
  EXPECT_GE(pair.server.counter("connection_limit_reached"), 1u);

  pair.connect(pair.hello());
  const auto third = pair.client.endpoint.connect(pair.now, pair.client.socket, pair.client.address,
                                                  pair.server.address, pair.hello());
  ASSERT_FALSE(third.has_value());
  EXPECT_EQ(third.error().code, ErrorCode::limit_exceeded);
}

TEST(Handshake, handshakes_beyond_the_limit_are_refused) {
  Pair::Options options;
  options.server.max_handshakes = 0;
  Pair pair(options);
  EXPECT_EQ(refusal_at_client(pair, pair.hello()).code, 0x02u);
  EXPECT_GE(pair.server.counter("handshake_limit_reached"), 1u);
}

CloseReason refusal_at_client(Pair& pair, const ClientHello& hello) {
  const std::size_t before = pair.client.count<Closed>();
  pair.connect(hello);
  EXPECT_TRUE(pair.run_until([&] { return pair.client.count<Closed>() > before; }));
  pair.run_for(std::chrono::milliseconds(100));
  const auto* closed = pair.client.last<Closed>();
  return closed == nullptr ? CloseReason{} : closed->reason;
}

}  // namespace
}  // namespace kith::quic::testing
