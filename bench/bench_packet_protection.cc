// Packet protection as QUIC uses it: sealing and opening one packet with its header mask. Beside
// it, as a limit, what libsodium's AES-256-GCM takes for the same bytes (it has no AES-128).
// bytes_per_second is payload.

#include <benchmark/benchmark.h>
#include <ngtcp2/ngtcp2_crypto.h>
#include <sodium.h>

#include <array>
#include <cstdint>
#include <vector>

#include "engine/base/check.h"
#include "engine/quic/packet_protection.h"

extern "C" {
// Of the backend's interface, in a header that ngtcp2 does not install.
int ngtcp2_crypto_cipher_ctx_encrypt_init(ngtcp2_crypto_cipher_ctx* ctx,
                                          const ngtcp2_crypto_cipher* cipher,
                                          const std::uint8_t* key);
void ngtcp2_crypto_cipher_ctx_free(ngtcp2_crypto_cipher_ctx* ctx);
}

namespace kith::quic {
namespace {

constexpr int kAes128Gcm = 0x1301;
constexpr int kAes256Gcm = 0x1302;
constexpr int kChaCha20Poly1305 = 0x1303;
constexpr std::size_t kTagBytes = 16;
constexpr std::size_t kSampleOffset = 4;  // in the sealed payload, with a packet number of 4 bytes
constexpr std::array<std::uint8_t, 12> kNonce{};
constexpr std::array<std::uint8_t, 13> kHeader{};
constexpr std::array<std::uint8_t, 32> kKey{};

struct Keys {
  explicit Keys(int suite, bool sealing) {
    KITH_CHECK(use_cipher_suite(ctx, suite, std::uint64_t{1} << 62));
    const auto init =
        sealing ? ngtcp2_crypto_aead_ctx_encrypt_init : ngtcp2_crypto_aead_ctx_decrypt_init;
    KITH_CHECK(init(&packet, &ctx.aead, kKey.data(), kNonce.size()) == 0);
    KITH_CHECK(ngtcp2_crypto_cipher_ctx_encrypt_init(&header, &ctx.hp, kKey.data()) == 0);
  }
  ~Keys() {
    ngtcp2_crypto_aead_ctx_free(&packet);
    ngtcp2_crypto_cipher_ctx_free(&header);
  }
  Keys(const Keys&) = delete;
  Keys& operator=(const Keys&) = delete;

  void mask(const std::vector<std::uint8_t>& sealed) {
    std::array<std::uint8_t, kTagBytes> bytes;
    KITH_CHECK(
        ngtcp2_crypto_hp_mask(bytes.data(), &ctx.hp, &header, sealed.data() + kSampleOffset) == 0);
    benchmark::DoNotOptimize(bytes);
  }
  void seal(std::vector<std::uint8_t>& sealed, const std::vector<std::uint8_t>& plain) {
    KITH_CHECK(ngtcp2_crypto_encrypt(sealed.data(), &ctx.aead, &packet, plain.data(), plain.size(),
                                     kNonce.data(), kNonce.size(), kHeader.data(),
                                     kHeader.size()) == 0);
  }

  ngtcp2_crypto_ctx ctx{};
  ngtcp2_crypto_aead_ctx packet{};
  ngtcp2_crypto_cipher_ctx header{};
};

void count_bytes(benchmark::State& state, std::size_t size) {
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(size));
}

void seal(benchmark::State& state, int suite) {
  Keys keys(suite, true);
  const std::vector<std::uint8_t> plain(static_cast<std::size_t>(state.range(0)), 7);
  std::vector<std::uint8_t> sealed(plain.size() + kTagBytes);
  for (auto _ : state) {
    keys.seal(sealed, plain);
    keys.mask(sealed);
  }
  count_bytes(state, plain.size());
}

void open(benchmark::State& state, int suite) {
  std::vector<std::uint8_t> plain(static_cast<std::size_t>(state.range(0)), 7);
  std::vector<std::uint8_t> sealed(plain.size() + kTagBytes);
  Keys(suite, true).seal(sealed, plain);
  Keys keys(suite, false);
  for (auto _ : state) {
    keys.mask(sealed);
    KITH_CHECK(ngtcp2_crypto_decrypt(plain.data(), &keys.ctx.aead, &keys.packet, sealed.data(),
                                     sealed.size(), kNonce.data(), kNonce.size(), kHeader.data(),
                                     kHeader.size()) == 0);
  }
  count_bytes(state, plain.size());
}

void seal_by_libsodium(benchmark::State& state) {
  if (sodium_init() < 0 || crypto_aead_aes256gcm_is_available() == 0) {
    state.SkipWithError("this processor has no AES instructions");
    return;
  }
  alignas(16) crypto_aead_aes256gcm_state keys;
  crypto_aead_aes256gcm_beforenm(&keys, kKey.data());
  const std::vector<std::uint8_t> plain(static_cast<std::size_t>(state.range(0)), 7);
  std::vector<std::uint8_t> sealed(plain.size() + kTagBytes);
  for (auto _ : state) {
    crypto_aead_aes256gcm_encrypt_afternm(sealed.data(), nullptr, plain.data(), plain.size(),
                                          kHeader.data(), kHeader.size(), nullptr, kNonce.data(),
                                          &keys);
    benchmark::DoNotOptimize(sealed.data());
  }
  count_bytes(state, plain.size());
}

BENCHMARK_CAPTURE(seal, aes128_gcm, kAes128Gcm)->Arg(1200)->Arg(1440)->Arg(9000);
BENCHMARK_CAPTURE(open, aes128_gcm, kAes128Gcm)->Arg(1200)->Arg(1440)->Arg(9000);
BENCHMARK_CAPTURE(seal, aes256_gcm, kAes256Gcm)->Arg(1440);
BENCHMARK_CAPTURE(open, aes256_gcm, kAes256Gcm)->Arg(1440);
BENCHMARK_CAPTURE(seal, chacha20_poly1305, kChaCha20Poly1305)->Arg(1440);
BENCHMARK_CAPTURE(open, chacha20_poly1305, kChaCha20Poly1305)->Arg(1440);
BENCHMARK(seal_by_libsodium)->Arg(1200)->Arg(1440)->Arg(9000);

}  // namespace
}  // namespace kith::quic
