// Clients that break the rules kith's own client keeps, built on the parts below Endpoint.

#include <gtest/gtest.h>
#include <wolfssl/options.h>
#include <wolfssl/ssl.h>

#include <cstring>

#include "engine/quic/connection.h"
#include "engine/quic/tls_context.h"
#include "engine/quic/wolfssl_hooks.h"
#include "tests/quic/pair.h"

namespace kith::quic::testing {
namespace {

// One connection without an endpoint around it.
class RogueClient {
 public:
  RogueClient() : random_(std::array<std::byte, 32>{std::byte{7}}), router_(random_) {
    const WolfsslScope scope(random_, Instant{});
    tls_ = std::make_unique<TlsContext>(false);
  }

  WOLFSSL_CTX* context() const { return tls_->client(); }

  // Talks to the server of `pair` until nothing moves.
  void attack(Pair& pair, const ClientHello& hello) {
    const WolfsslScope scope(random_, pair.now);
    const Shared shared{config_, policy_, random_, *tls_, router_, events};
    connection_ =
        Connection::connect(shared, ConnectionId{1}, pair.now,
                            Path(SocketId{1}, pair.client.address, pair.server.address), hello);
    ASSERT_NE(connection_, nullptr);
    while (exchange(pair)) pair.now = pair.now + std::chrono::milliseconds(30);
    pair.server.drain();
  }

  std::deque<EndpointEvent> events;

 private:
  bool exchange(Pair& pair) {
    bool moved = false;
    Bytes buffer(65'536);
    std::deque<Stray> strays;
    connection_->handle_deadline(pair.now);
    while (const auto transmit = connection_->write(pair.now, SocketId{1}, buffer, 1, strays)) {
      DatagramsReceived batch{pair.server.socket,
                              pair.server.address,
                              pair.client.address,
                              0,
                              transmit->ecn,
                              transmit->size,
                              ByteView(buffer).first(transmit->size)};
      pair.server.endpoint.handle_datagrams(pair.now, batch);
      moved = true;
    }
    while (const auto transmit =
               pair.server.endpoint.poll_datagrams(pair.now, pair.server.socket, buffer, 1)) {
      connection_->receive(pair.now, Path(SocketId{1}, pair.client.address, pair.server.address), 0,
                           Ecn::not_ect, ByteView(buffer).first(transmit->size));
      moved = true;
    }
    return moved;
  }

  EndpointConfig config_;
  TestPolicy policy_;
  RandomSource random_;
  Router router_;
  std::unique_ptr<TlsContext> tls_;
  std::unique_ptr<Connection> connection_;
};

TEST(RogueClient, an_honest_client_built_like_this_gets_in) {
  Pair pair;
  RogueClient client;
  client.attack(pair, pair.hello());
  EXPECT_EQ(pair.server.count<Connected>(), 1u);
}

TEST(RogueClient, a_client_with_neither_psk_nor_key_does_not_get_in) {
  Pair pair;
  RogueClient client;
  ClientHello hello = pair.hello();
  hello.key = nullptr;
  client.attack(pair, hello);
  EXPECT_EQ(pair.server.count<Connected>(), 0u);
  EXPECT_EQ(pair.server.policy.asked_to_admit, 0);
  ASSERT_EQ(pair.server.count<Closed>(), 1u);
  EXPECT_FALSE(pair.server.last<Closed>()->reason.was_connected);
}

// An identity travels in the clear. wolfSSL looks its key up for any suite, and then uses it only
// if the client offers the suite that goes with it.
unsigned int offer_identity_without_key(WOLFSSL*, const char*, char* identity, unsigned int,
                                        unsigned char* key, unsigned int, const char*) {
  std::strcpy(identity, "paired");
  std::memset(key, 0, 32);
  return 32;
}

TEST(RogueClient, knowing_an_identity_does_not_make_a_client_paired) {
  for (const char* suites :
       {"TLS13-AES256-GCM-SHA384", "TLS13-CHACHA20-POLY1305-SHA256", "TLS13-AES128-GCM-SHA256"}) {
    for (const char* name : {"server", ""}) {
      Pair pair;
      RogueClient client;
      ASSERT_EQ(wolfSSL_CTX_set_cipher_list(client.context(), suites), WOLFSSL_SUCCESS);
      wolfSSL_CTX_set_psk_client_cs_callback(client.context(), offer_identity_without_key);
      ClientHello hello = pair.hello();
      hello.server_name = name;
      client.attack(pair, hello);
      EXPECT_EQ(pair.server.count<Connected>(), 0u) << suites;
      EXPECT_EQ(pair.server.count<Closed>(), 1u) << suites;
    }
  }
}

}  // namespace
}  // namespace kith::quic::testing
