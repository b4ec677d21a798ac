#pragma once

// Key derivation: HMAC-SHA-256 (RFC 2104, FIPS 180-4) and HKDF-SHA-256 (RFC 5869).

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

#include "engine/crypto/secret_bytes.h"
#include "kith/bytes.h"

namespace kith {

// The limit RFC 5869 section 2.3 sets for SHA-256.
inline constexpr std::size_t kMaxHkdfBytes = 255 * 32;

std::array<std::byte, 32> hmac_sha256(ByteView key, ByteView message);

// `info` is the label that keeps keys of different purposes apart; at most kMaxHkdfBytes come out.
void hkdf(ByteView input_key_material, ByteView salt, ByteView info, std::span<std::byte> out);

// The two halves of HKDF.
void hkdf_extract(ByteView salt, ByteView input_key_material, std::span<std::byte, 32> out);
void hkdf_expand(ByteView pseudo_random_key, ByteView info, std::span<std::byte> out);

// A 32-byte key for one purpose, with no salt: right when the material is already uniform.
SecretKey derive_key(ByteView input_key_material, std::string_view label);

}  // namespace kith
