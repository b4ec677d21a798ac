#include "engine/crypto/kdf.h"

#include <sodium.h>

#include <algorithm>
#include <cstdint>
#include <initializer_list>

#include "engine/base/check.h"
#include "engine/base/sodium.h"

namespace kith {
namespace {

constexpr std::size_t kHashBytes = crypto_auth_hmacsha256_BYTES;

void hmac(ByteView key, std::initializer_list<ByteView> message,
          std::span<std::byte, kHashBytes> out) {
  crypto_auth_hmacsha256_state state;
  crypto_auth_hmacsha256_init(&state, uchars(key), key.size());
  for (const ByteView part : message) {
    crypto_auth_hmacsha256_update(&state, uchars(part), part.size());
  }
  crypto_auth_hmacsha256_final(&state, uchars_out(out));
  sodium_memzero(&state, sizeof state);
}

}  // namespace

std::array<std::byte, 32> hmac_sha256(ByteView key, ByteView message) {
  std::array<std::byte, kHashBytes> tag;
  hmac(key, {message}, tag);
  return tag;
}

void hkdf(ByteView input_key_material, ByteView salt, ByteView info, std::span<std::byte> out) {
  ScratchSecret<kHashBytes> pseudo_random_key;
  hkdf_extract(salt, input_key_material, pseudo_random_key.writable());
  hkdf_expand(pseudo_random_key.view(), info, out);
}

void hkdf_extract(ByteView salt, ByteView input_key_material, std::span<std::byte, 32> out) {
  // RFC 5869 section 2.2: a missing salt is a string of zeros, which HMAC pads an empty key to.
  hmac(salt, {input_key_material}, out);
}

void hkdf_expand(ByteView pseudo_random_key, ByteView info, std::span<std::byte> out) {
  KITH_CHECK(out.size() <= kMaxHkdfBytes);
  ScratchSecret<kHashBytes> block;
  ByteView previous;
  std::byte counter{0};
  while (!out.empty()) {
    counter = static_cast<std::byte>(std::to_integer<unsigned>(counter) + 1);
    hmac(pseudo_random_key, {previous, info, {&counter, 1}}, block.writable());
    const std::size_t take = std::min(out.size(), block.size());
    std::copy_n(block.view().begin(), take, out.begin());
    out = out.subspan(take);
    previous = block.view();
  }
}

SecretKey derive_key(ByteView input_key_material, std::string_view label) {
  SecretKey key;
  hkdf(input_key_material, {}, as_byte_view(label), key.writable());
  return key;
}

}  // namespace kith
