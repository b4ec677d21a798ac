#include "engine/quic/wolfssl_hooks.h"

// options.h comes first in every file that uses wolfSSL: it says how the library was built.
#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/random.h>

#include <cstdint>
#include <span>

#include "engine/base/check.h"
#include "engine/quic/timestamp.h"

namespace kith::quic {
namespace {

thread_local WolfsslScope* current_scope = nullptr;

std::uint64_t now_ns() { return to_timestamp(WolfsslScope::current().now); }

}  // namespace

WolfsslScope::WolfsslScope(RandomSource& source, Instant at)
    : random(source), now(at), outer_(current_scope) {
  current_scope = this;
}

WolfsslScope& WolfsslScope::current() {
  KITH_CHECK_MSG(current_scope != nullptr, "wolfSSL was called outside a WolfsslScope");
  return *current_scope;
}

WolfsslScope::~WolfsslScope() { current_scope = outer_; }

}  // namespace kith::quic

extern "C" {

// wolfSSL declares the two clocks only inside its own sources.
word32 LowResTimer();
sword64 TimeNowInMilliseconds();

int kith_rand_generate_block(byte* output, word32 size) {
  kith::quic::WolfsslScope::current().random.fill(std::as_writable_bytes(std::span(output, size)));
  return 0;
}

// Seconds and milliseconds since an origin of our own; wolfSSL takes zero for an error.
word32 LowResTimer() { return static_cast<word32>(kith::quic::now_ns() / 1'000'000'000); }

sword64 TimeNowInMilliseconds() { return static_cast<sword64>(kith::quic::now_ns() / 1'000'000); }

}  // extern "C"
