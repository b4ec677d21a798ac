#include "engine/crypto/key_pair.h"

#include <sodium.h>

#include <algorithm>

#include "engine/base/check.h"
#include "engine/base/sodium.h"

namespace kith {

KeyPair::KeyPair(const SecretKey& seed) {
  ensure_sodium();
  KITH_CHECK(crypto_sign_seed_keypair(uchars_out(id_.bytes), uchars_out(secret_.writable()),
                                      uchars(seed.view())) == 0);
}

KeyPair KeyPair::random(RandomSource& random) { return KeyPair(SecretKey::random(random)); }

KeyPair KeyPair::clone() const {
  return KeyPair(SecretKey::copy_of(secret_.view().first<SecretKey::size()>()));
}

Signature KeyPair::sign(ByteView message) const {
  Signature signature;
  KITH_CHECK(crypto_sign_detached(uchars_out(signature), nullptr, uchars(message), message.size(),
                                  uchars(secret_.view())) == 0);
  return signature;
}

bool KeyPair::verify(const DeviceId& signer, ByteView message, const Signature& signature) {
  ensure_sodium();
  return crypto_sign_verify_detached(uchars(signature), uchars(message), message.size(),
                                     uchars(signer.bytes)) == 0;
}

SpkiDer KeyPair::spki_der() const { return kith::spki_der(id_); }

// OneAsymmetricKey (RFC 5958) of Ed25519 (RFC 8410 section 7), byte for byte as wolfSSL 5.7.2's
// wc_Ed25519KeyToDer writes it. It differs from the RFCs in two places: the version is 0 although a
// public key follows, and that key is an OCTET STRING, not a BIT STRING.
Pkcs8Der KeyPair::pkcs8_der() const {
  constexpr std::array<unsigned char, 16> kBeforeSeed{
      0x30, 0x50,                                // SEQUENCE of 80 bytes
      0x02, 0x01, 0x00,                          // INTEGER 0
      0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70,  // AlgorithmIdentifier { 1.3.101.112 }
      0x04, 0x22, 0x04, 0x20};                   // OCTET STRING of an OCTET STRING of 32 bytes
  constexpr std::array<unsigned char, 2> kBeforePublicKey{0x81, 0x20};  // [1] of 32 bytes
  Pkcs8Der der;
  const auto in = secret_.view();
  const auto out = der.writable();
  std::ranges::copy(std::as_bytes(std::span(kBeforeSeed)), out.begin());
  std::ranges::copy(in.first<32>(), out.subspan<16>().begin());
  std::ranges::copy(std::as_bytes(std::span(kBeforePublicKey)), out.subspan<48>().begin());
  std::ranges::copy(in.last<32>(), out.subspan<50>().begin());
  return der;
}

SpkiDer spki_der(const DeviceId& key) {
  SpkiDer der;
  const auto rest = std::ranges::copy(kSpkiPrefix, der.begin()).out;
  std::ranges::copy(key.bytes, rest);
  return der;
}

std::optional<DeviceId> parse_spki(ByteView der) {
  if (der.size() != SpkiDer{}.size()) return std::nullopt;
  if (!std::ranges::equal(der.first(kSpkiPrefix.size()), kSpkiPrefix)) return std::nullopt;
  DeviceId key;
  std::ranges::copy(der.subspan(kSpkiPrefix.size()), key.bytes.begin());
  return key;
}

}  // namespace kith
