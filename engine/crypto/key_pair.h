#pragma once

// An Ed25519 key pair (RFC 8032): a device's identity, a rendezvous key, or a key used once.

#include <array>
#include <cstddef>
#include <optional>

#include "engine/base/random.h"
#include "engine/crypto/secret_bytes.h"
#include "kith/bytes.h"
#include "kith/ids.h"

namespace kith {

using Signature = std::array<std::byte, 64>;

// An Ed25519 public key as SubjectPublicKeyInfo (RFC 8410 section 4): what TLS carries as a raw
// public key (RFC 7250). The key follows the prefix.
inline constexpr std::array<std::byte, 12> kSpkiPrefix{
    std::byte{0x30}, std::byte{0x2a}, std::byte{0x30}, std::byte{0x05},
    std::byte{0x06}, std::byte{0x03}, std::byte{0x2b}, std::byte{0x65},
    std::byte{0x70}, std::byte{0x03}, std::byte{0x21}, std::byte{0x00}};
using SpkiDer = std::array<std::byte, 44>;

// PKCS#8 with the public key inside, in the form wolfSSL writes and reads: see pkcs8_der().
using Pkcs8Der = SecretArray<82>;

class KeyPair {
 public:
  // The seed is the private key of RFC 8032 section 5.1.5.
  explicit KeyPair(const SecretKey& seed);
  static KeyPair random(RandomSource& random);

  KeyPair clone() const;

  DeviceId id() const { return id_; }

  Signature sign(ByteView message) const;

  // Strict: refuses non-canonical signatures and keys, and keys and points of small order, so that
  // a signature has one form and belongs to one key.
  static bool verify(const DeviceId& signer, ByteView message, const Signature& signature);

  SpkiDer spki_der() const;
  Pkcs8Der pkcs8_der() const;

 private:
  SecretArray<64> secret_;  // seed and public key, as libsodium signs with
  DeviceId id_;
};

SpkiDer spki_der(const DeviceId& key);

// The key in an SPKI, if it is an Ed25519 one of exactly the form above.
std::optional<DeviceId> parse_spki(ByteView der);

}  // namespace kith
