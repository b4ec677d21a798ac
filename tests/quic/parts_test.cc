// The parts below Endpoint, where a mistake would be hard to see through it.

#include <gtest/gtest.h>
#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/random.h>

#include "engine/quic/packet_protection.h"
#include "engine/quic/path.h"
#include "engine/quic/router.h"
#include "engine/quic/stream.h"
#include "engine/quic/timestamp.h"
#include "engine/quic/wolfssl_hooks.h"
#include "tests/quic/pair.h"

// Of ngtcp2's crypto helper, declared in a header that it does not install.
extern "C" {
ngtcp2_crypto_ctx* ngtcp2_crypto_ctx_initial(ngtcp2_crypto_ctx* ctx);
int ngtcp2_crypto_cipher_ctx_encrypt_init(ngtcp2_crypto_cipher_ctx* ctx,
                                          const ngtcp2_crypto_cipher* cipher,
                                          const std::uint8_t* key);
void ngtcp2_crypto_cipher_ctx_free(ngtcp2_crypto_cipher_ctx* ctx);
}

namespace kith::quic::testing {
namespace {

RandomSource source(std::uint8_t seed) {
  return RandomSource(std::array<std::byte, 32>{std::byte{seed}});
}

std::string text_of(std::span<const ngtcp2_vec> entries) {
  std::string text;
  for (const ngtcp2_vec& entry : entries) {
    text.append(reinterpret_cast<const char*>(entry.base), entry.len);
  }
  return text;
}

TEST(SendQueue, pieces_are_sent_in_order_and_kept_until_acknowledged) {
  SendQueue queue;
  queue.push(shared("abc"), false);
  queue.push(shared("defgh"), false);
  std::array<ngtcp2_vec, 4> entries;
  EXPECT_EQ(text_of(std::span(entries).first(queue.next(entries))), "abcdefgh");
  queue.mark_sent(5, false);
  EXPECT_EQ(text_of(std::span(entries).first(queue.next(entries))), "fgh");
  EXPECT_EQ(queue.unacked_bytes(), 8u);
  queue.mark_acked(4);
  EXPECT_EQ(queue.unacked_bytes(), 4u);
  EXPECT_EQ(text_of(std::span(entries).first(queue.next(entries))), "fgh");
  queue.mark_sent(3, false);
  EXPECT_FALSE(queue.has_work());
  queue.push(shared("i"), true);
  EXPECT_TRUE(queue.has_work());
  EXPECT_EQ(text_of(std::span(entries).first(queue.next(entries))), "i");
  queue.mark_sent(1, true);
  EXPECT_FALSE(queue.has_work());
  EXPECT_FALSE(queue.done());
  queue.mark_acked(9);
  EXPECT_TRUE(queue.done());
}

TEST(SendQueue, the_fin_goes_with_the_last_byte_only) {
  SendQueue queue;
  for (const char* piece : {"a", "b", "c"}) queue.push(shared(piece), *piece == 'c');
  std::array<ngtcp2_vec, 2> two;
  ASSERT_EQ(queue.next(two), 2u);
  EXPECT_FALSE(queue.next_reaches_end(two));
  queue.mark_sent(2, false);
  ASSERT_EQ(queue.next(two), 1u);
  EXPECT_TRUE(queue.next_reaches_end(std::span(two).first(1)));
}

TEST(SendQueue, an_abandoned_queue_takes_and_gives_nothing) {
  SendQueue queue;
  queue.push(shared("abc"), false);
  queue.abandon();
  queue.push(shared("def"), true);
  EXPECT_FALSE(queue.has_work());
  EXPECT_EQ(queue.unacked_bytes(), 0u);
}

TEST(ReceiveBuffer, credit_is_owed_for_everything_that_was_received) {
  ReceiveBuffer buffer;
  buffer.append(as_byte_view("hello"), false);
  EXPECT_EQ(buffer.uncredited_bytes(), 5u);
  Bytes out;
  EXPECT_FALSE(buffer.take(out));
  EXPECT_EQ(as_text(out), "hello");
  EXPECT_EQ(buffer.uncredited_bytes(), 5u);
  buffer.mark_credited(2);
  buffer.append(as_byte_view("world"), true);
  EXPECT_EQ(buffer.abandon(), 8u);
  EXPECT_EQ(buffer.uncredited_bytes(), 0u);
  EXPECT_FALSE(buffer.has_news());
}

TEST(Timestamp, instants_survive_the_way_there_and_back) {
  for (const std::int64_t ns : {std::int64_t{0}, std::int64_t{1}, std::int64_t{-1},
                                std::int64_t{1} << 60, -(std::int64_t{1} << 60)}) {
    EXPECT_EQ(from_timestamp(to_timestamp(Instant{ns})).ns, ns);
  }
  EXPECT_LT(to_timestamp(Instant{-5}), to_timestamp(Instant{5}));
  EXPECT_EQ(from_timestamp(std::numeric_limits<std::uint64_t>::max()), Instant::never());
  EXPECT_EQ(to_duration(Duration(-3)), 0u);
}

TEST(Path, addresses_survive_the_way_there_and_back) {
  const Address v4 = Address::v4(192, 0, 2, 1, 443);
  Address v6;
  v6.family = Address::Family::ipv6;
  v6.ip = {std::byte{0xfe}, std::byte{0x80}};
  v6.ip[15] = std::byte{7};
  v6.port = 65'535;
  v6.scope = 3;
  for (const Address& address : {v4, v6}) {
    const Path path(SocketId{42}, address, address);
    const Path copy = path;
    EXPECT_EQ(copy.local(), address);
    EXPECT_EQ(copy.remote(), address);
    EXPECT_EQ(copy.socket(), SocketId{42});
    EXPECT_TRUE(copy == path);
    EXPECT_FALSE(copy == Path(SocketId{43}, address, address));
    EXPECT_FALSE(copy == Path());
  }
}

TEST(Router, ids_and_tokens_lead_to_their_connection_until_removed) {
  RandomSource random = source(1);
  Router router(random);
  const ngtcp2_cid first = router.new_id(random, ConnectionId{1});
  const ngtcp2_cid second = router.new_id(random, ConnectionId{2});
  const auto view = [](const ngtcp2_cid& cid) {
    return std::as_bytes(std::span(cid.data, cid.datalen));
  };
  EXPECT_EQ(router.find(view(first)), ConnectionId{1});
  EXPECT_EQ(router.find(view(second)), ConnectionId{2});
  EXPECT_FALSE(router.add(first, ConnectionId{3}));

  const ResetToken token = router.reset_token_for(first);
  EXPECT_EQ(token, router.reset_token_for(first));
  EXPECT_NE(token, router.reset_token_for(second));
  router.add_reset_token(token, ConnectionId{1});
  Bytes datagram = pattern(50);
  EXPECT_FALSE(router.find_by_reset_token(datagram).has_value());
  std::copy_n(reinterpret_cast<const std::byte*>(token.data()), token.size(), datagram.end() - 16);
  EXPECT_EQ(router.find_by_reset_token(datagram), ConnectionId{1});
  router.check_invariants();

  router.remove_all(ConnectionId{1});
  EXPECT_FALSE(router.find(view(first)).has_value());
  EXPECT_FALSE(router.find_by_reset_token(datagram).has_value());
  EXPECT_EQ(router.size(), 1u);
  router.check_invariants();
}

TEST(WolfsslScope, the_innermost_scope_is_the_one_drawn_from) {
  RandomSource outer = source(1);
  RandomSource inner = source(2);
  RandomSource same_as_outer = source(1);
  const WolfsslScope around(outer, Instant{});
  {
    const WolfsslScope within(inner, Instant{});
    EXPECT_EQ(&WolfsslScope::current(), &within);
  }
  std::array<std::byte, 8> drawn;
  ASSERT_EQ(kith_rand_generate_block(reinterpret_cast<unsigned char*>(drawn.data()), 8), 0);
  EXPECT_EQ(drawn, same_as_outer.bytes<8>());
}

TEST(WolfsslScopeDeathTest, drawing_outside_every_scope_aborts) {
  unsigned char byte = 0;
  EXPECT_DEATH(kith_rand_generate_block(&byte, 1), "outside a WolfsslScope");
}

// --- RFC 9001 appendix A: the vectors of the Initial packets and of ChaCha20
// -----------------------

std::string hex(std::span<const std::uint8_t> bytes) {
  std::string out;
  for (const std::uint8_t byte : bytes) {
    out += "0123456789abcdef"[byte >> 4];
    out += "0123456789abcdef"[byte & 15];
  }
  return out;
}

std::vector<std::uint8_t> unhex(std::string_view text) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::vector<std::uint8_t> out;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    out.push_back(static_cast<std::uint8_t>(digit(text[i]) << 4 | digit(text[i + 1])));
  }
  return out;
}

// RFC 8446 section 7.1, with an empty context.
std::vector<std::uint8_t> expand_label(const ngtcp2_crypto_md& md,
                                       const std::vector<std::uint8_t>& secret,
                                       std::string_view label, std::size_t size) {
  const std::string name = "tls13 " + std::string(label);
  std::vector<std::uint8_t> info{0, static_cast<std::uint8_t>(size),
                                 static_cast<std::uint8_t>(name.size())};
  info.insert(info.end(), name.begin(), name.end());
  info.push_back(0);
  std::vector<std::uint8_t> out(size);
  EXPECT_EQ(ngtcp2_crypto_hkdf_expand(out.data(), size, &md, secret.data(), secret.size(),
                                      info.data(), info.size()),
            0);
  return out;
}

TEST(PacketProtection, initial_keys_are_those_of_rfc_9001_appendix_a_1) {
  ngtcp2_crypto_ctx ctx;
  ngtcp2_crypto_ctx_initial(&ctx);
  const auto destination = unhex("8394c8f03e515708");
  const auto salt = unhex("38762cf7f55934b34d179ae6a4c80cadccbb7f0a");
  std::vector<std::uint8_t> initial(32);
  ASSERT_EQ(ngtcp2_crypto_hkdf_extract(initial.data(), &ctx.md, destination.data(),
                                       destination.size(), salt.data(), salt.size()),
            0);
  EXPECT_EQ(hex(initial), "7db5df06e7a69e432496adedb00851923595221596ae2ae9fb8115c1e9ed0a44");
  const auto client = expand_label(ctx.md, initial, "client in", 32);
  EXPECT_EQ(hex(client), "c00cf151ca5be075ed0ebfb5c80323c42d6b7db67881289af4008f1f6c357aea");
  EXPECT_EQ(hex(expand_label(ctx.md, client, "quic key", 16)), "1f369613dd76d5467730efcbe3b1a22d");
  const auto hp = expand_label(ctx.md, client, "quic hp", 16);
  EXPECT_EQ(hex(hp), "9f50449e04a0e810283a1e9933adedd2");

  // Section A.2: the mask from this sample.
  ngtcp2_crypto_cipher_ctx mask_key;
  ASSERT_EQ(ngtcp2_crypto_cipher_ctx_encrypt_init(&mask_key, &ctx.hp, hp.data()), 0);
  std::array<std::uint8_t, 16> mask;
  const auto sample = unhex("d1b1c98dd7689fb8ec11d242b123dc9b");
  ASSERT_EQ(ngtcp2_crypto_hp_mask(mask.data(), &ctx.hp, &mask_key, sample.data()), 0);
  EXPECT_EQ(hex(std::span(mask).first(5)), "437b9aec36");
  ngtcp2_crypto_cipher_ctx_free(&mask_key);
}

TEST(PacketProtection, a_chacha20_packet_is_that_of_rfc_9001_appendix_a_5) {
  ngtcp2_crypto_ctx ctx{};
  ASSERT_TRUE(use_cipher_suite(ctx, 0x1303, std::uint64_t{1} << 62));
  const auto key = unhex("c6d98ff3441c3fe1b2182094f69caa2ed4b716b65488960a7a984979fb23e1c8");
  const auto nonce = unhex("e0459b3474bdd0e46d417eb0");
  const auto header = unhex("4200bff4");
  const auto hp = unhex("25a282b9e82f06f21f488917a4fc8f1b73573685608597d0efcb076b0ab7a7a4");
  ngtcp2_crypto_aead_ctx packet_key;
  ASSERT_EQ(ngtcp2_crypto_aead_ctx_encrypt_init(&packet_key, &ctx.aead, key.data(), 12), 0);
  const std::uint8_t ping = 0x01;
  std::array<std::uint8_t, 17> sealed;
  ASSERT_EQ(ngtcp2_crypto_encrypt(sealed.data(), &ctx.aead, &packet_key, &ping, 1, nonce.data(), 12,
                                  header.data(), header.size()),
            0);
  EXPECT_EQ(hex(sealed), "655e5cd55c41f69080575d7999c25a5bfb");

  ngtcp2_crypto_cipher_ctx mask_key;
  ASSERT_EQ(ngtcp2_crypto_cipher_ctx_encrypt_init(&mask_key, &ctx.hp, hp.data()), 0);
  std::array<std::uint8_t, 16> mask{};
  ASSERT_EQ(ngtcp2_crypto_hp_mask(mask.data(), &ctx.hp, &mask_key, sealed.data() + 1), 0);
  EXPECT_EQ(hex(std::span(mask).first(5)), "aefefe7d03");

  RandomSource random = source(1);
  const WolfsslScope scope(random, Instant{});
  std::uint8_t opened = 0;
  EXPECT_EQ(ngtcp2_crypto_decrypt(&opened, &ctx.aead, &packet_key, sealed.data(), sealed.size(),
                                  nonce.data(), 12, header.data(), header.size()),
            0);
  EXPECT_EQ(opened, ping);
  sealed[3] ^= 1;
  EXPECT_NE(ngtcp2_crypto_decrypt(&opened, &ctx.aead, &packet_key, sealed.data(), sealed.size(),
                                  nonce.data(), 12, header.data(), header.size()),
            0);
  EXPECT_EQ(scope.forged_packets, 1u);
  ngtcp2_crypto_aead_ctx_free(&packet_key);
  ngtcp2_crypto_cipher_ctx_free(&mask_key);
}

TEST(PacketProtection, an_unknown_cipher_suite_is_refused) {
  ngtcp2_crypto_ctx ctx{};
  EXPECT_FALSE(use_cipher_suite(ctx, 0x1304, 1));
  EXPECT_FALSE(use_cipher_suite(ctx, 0, 1));
}

}  // namespace
}  // namespace kith::quic::testing
