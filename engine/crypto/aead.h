#pragma once

// Sealing of small secrets, at rest and inside pairing messages: XChaCha20-Poly1305
// (draft-irtf-cfrg-xchacha-03) with a random nonce of 24 bytes, long enough to be drawn at random
// under one key for ever. Bulk data is protected by QUIC, not by this.
//
//   sealed = nonce (24) | ciphertext (as long as the plaintext) | tag (16)

#include <cstddef>
#include <optional>

#include "engine/base/random.h"
#include "engine/crypto/secret_bytes.h"
#include "kith/bytes.h"

namespace kith {

inline constexpr std::size_t kSealOverhead = 24 + 16;

// `associated_data` is authenticated and not sent: it says what the plaintext belongs to, so that a
// record moved to another place does not unseal there.
Bytes seal(const SecretKey& key, ByteView plaintext, ByteView associated_data,
           RandomSource& random);

// Empty if the key, the associated data or any bit of `sealed` is not as it was.
std::optional<SecretBytes> unseal(const SecretKey& key, ByteView sealed, ByteView associated_data);

}  // namespace kith
