#pragma once

// Write tokens (BEP 5): who presents one has received a datagram at his address within the last 10
// minutes, so nothing is stored or sent at length for a forged source.

#include <array>
#include <cstddef>

#include "engine/base/random.h"
#include "kith/address.h"
#include "kith/bytes.h"
#include "kith/time.h"

namespace kith::dht {

inline constexpr Duration kTokenSecretLife =
    std::chrono::minutes(5);                   // BEP 5; one more is accepted
inline constexpr std::size_t kTokenBytes = 8;  // as many guesses as nobody gets to send

class Tokens {
 public:
  Tokens(Instant now, RandomSource random);

  Bytes issue(Instant now, const Address& address);
  bool valid(Instant now, const Address& address, ByteView token);

 private:
  using Secret = std::array<std::byte, 32>;

  void rotate(Instant now);

  RandomSource random_;
  Secret current_;
  Secret previous_;
  Instant rotated_;
};

}  // namespace kith::dht
