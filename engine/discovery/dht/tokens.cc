#include "engine/discovery/dht/tokens.h"

#include <sodium.h>

#include "engine/base/sodium.h"
#include "engine/crypto/kdf.h"

namespace kith::dht {
namespace {

// Over the address alone: a NAT may have changed the port between two packets.
Bytes token_for(const std::array<std::byte, 32>& secret, const Address& address) {
  const auto tag = hmac_sha256(secret, address.ip);
  return to_bytes(ByteView(tag).first(kTokenBytes));
}

}  // namespace

Tokens::Tokens(Instant now, RandomSource random)
    : random_(std::move(random)),
      current_(random_.bytes<32>()),
      previous_(random_.bytes<32>()),
      rotated_(now) {}

void Tokens::rotate(Instant now) {
  while (rotated_ + kTokenSecretLife <= now) {
    // Two steps replace both secrets: the rest of a long pause may be skipped.
    const Duration late = now - rotated_;
    if (late > 3 * kTokenSecretLife) rotated_ = now - 2 * kTokenSecretLife;
    previous_ = current_;
    current_ = random_.bytes<32>();
    rotated_ = rotated_ + kTokenSecretLife;
  }
}

Bytes Tokens::issue(Instant now, const Address& address) {
  rotate(now);
  return token_for(current_, address);
}

bool Tokens::valid(Instant now, const Address& address, ByteView token) {
  rotate(now);
  if (token.size() != kTokenBytes) return false;
  for (const Secret* secret : {&current_, &previous_}) {
    const Bytes expected = token_for(*secret, address);
    if (sodium_memcmp(expected.data(), token.data(), kTokenBytes) == 0) return true;
  }
  return false;
}

}  // namespace kith::dht
