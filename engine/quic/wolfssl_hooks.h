#pragma once

// wolfSSL asks the process for randomness and for the time of day. Both come from the engine that
// runs: a scope selects its random source and its clock for the calls into wolfSSL made inside it.
// Outside every scope a draw aborts, so no byte on the wire can come from elsewhere.
//
// This is the one thread-local of the engine. wolfSSL must be built with
// CUSTOM_RAND_GENERATE_BLOCK=kith_rand_generate_block and USER_TICKS (see ./dev deps).

#include <cstdint>

#include "engine/base/random.h"
#include "kith/time.h"

namespace kith::quic {

class WolfsslScope {
 public:
  WolfsslScope(RandomSource& random, Instant now);
  ~WolfsslScope();
  WolfsslScope(const WolfsslScope&) = delete;
  WolfsslScope& operator=(const WolfsslScope&) = delete;

  // The innermost scope; there must be one.
  static WolfsslScope& current();

  RandomSource& random;
  const Instant now;
  mutable std::uint64_t forged_packets = 0;  // whose authentication failed inside this scope

 private:
  WolfsslScope* outer_;
};

}  // namespace kith::quic
