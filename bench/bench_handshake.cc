// One connection, from the first packet to `connected` on both sides, in memory on a virtual clock:
// what both endpoints together spend on it. Beside it, as a limit, the signatures and key
// agreements that a mutual handshake with raw public keys cannot do without.

#include <benchmark/benchmark.h>
#include <sodium.h>

#include <array>

#include "engine/base/check.h"
#include "tests/quic/pair.h"

namespace kith::quic {
namespace {

using testing::Host;
using testing::Pair;

void forget(Host& host) {
  host.events.clear();
  host.streams.clear();
}

template <class Hello>
void handshake(benchmark::State& state, Hello hello) {
  Pair pair;
  for (auto _ : state) {
    const ConnectionId connection = pair.establish(hello(pair));
    state.PauseTiming();
    pair.client.endpoint.close(pair.now, connection, 0, "");
    pair.run_for(std::chrono::seconds(5));
    forget(pair.client);
    forget(pair.server);
    state.ResumeTiming();
  }
}

void handshake_raw_public_keys(benchmark::State& state) {
  handshake(state, [](const Pair& pair) { return pair.hello(); });
}

void handshake_psk(benchmark::State& state) {
  handshake(state, [](const Pair& pair) { return pair.psk_hello(); });
}

// Each side makes an ephemeral key, agrees on a secret, signs and verifies.
void primitives_of_a_mutual_handshake(benchmark::State& state) {
  KITH_CHECK(sodium_init() >= 0);
  std::array<unsigned char, crypto_sign_PUBLICKEYBYTES> id{};
  std::array<unsigned char, crypto_sign_SECRETKEYBYTES> key{};
  crypto_sign_keypair(id.data(), key.data());
  std::array<unsigned char, crypto_scalarmult_BYTES> ours{}, theirs{}, share{}, secret{};
  randombytes_buf(theirs.data(), theirs.size());
  std::array<unsigned char, crypto_sign_BYTES> signature{};
  const std::array<unsigned char, 130> transcript{};  // what CertificateVerify signs
  for (auto _ : state) {
    for (int side = 0; side < 2; ++side) {
      randombytes_buf(ours.data(), ours.size());
      crypto_scalarmult_base(share.data(), ours.data());
      KITH_CHECK(crypto_scalarmult(secret.data(), theirs.data(), share.data()) == 0);
      crypto_sign_detached(signature.data(), nullptr, transcript.data(), transcript.size(),
                           key.data());
      KITH_CHECK(crypto_sign_verify_detached(signature.data(), transcript.data(), transcript.size(),
                                             id.data()) == 0);
    }
  }
}

BENCHMARK(handshake_raw_public_keys)->Unit(benchmark::kMicrosecond);
BENCHMARK(handshake_psk)->Unit(benchmark::kMicrosecond);
BENCHMARK(primitives_of_a_mutual_handshake)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace kith::quic
