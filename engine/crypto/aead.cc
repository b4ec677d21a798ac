#include "engine/crypto/aead.h"

#include <sodium.h>

#include "engine/base/check.h"
#include "engine/base/sodium.h"

namespace kith {
namespace {

constexpr std::size_t kNonceBytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kTagBytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;
static_assert(kSealOverhead == kNonceBytes + kTagBytes);

}  // namespace

Bytes seal(const SecretKey& key, ByteView plaintext, ByteView associated_data,
           RandomSource& random) {
  ensure_sodium();
  Bytes sealed(kSealOverhead + plaintext.size());
  const std::span<std::byte> nonce = std::span(sealed).first(kNonceBytes);
  random.fill(nonce);
  unsigned long long written = 0;
  crypto_aead_xchacha20poly1305_ietf_encrypt(uchars_out(std::span(sealed).subspan(kNonceBytes)),
                                             &written, uchars(plaintext), plaintext.size(),
                                             uchars(associated_data), associated_data.size(),
                                             nullptr, uchars(nonce), uchars(key.view()));
  KITH_CHECK(written == plaintext.size() + kTagBytes);
  return sealed;
}

std::optional<SecretBytes> unseal(const SecretKey& key, ByteView sealed, ByteView associated_data) {
  if (sealed.size() < kSealOverhead) return std::nullopt;
  ensure_sodium();
  const ByteView nonce = sealed.first(kNonceBytes);
  const ByteView ciphertext = sealed.subspan(kNonceBytes);
  SecretBytes plaintext(sealed.size() - kSealOverhead);
  const int failed = crypto_aead_xchacha20poly1305_ietf_decrypt(
      uchars_out(plaintext.writable()), nullptr, nullptr, uchars(ciphertext), ciphertext.size(),
      uchars(associated_data), associated_data.size(), uchars(nonce), uchars(key.view()));
  if (failed != 0) return std::nullopt;
  return plaintext;
}

}  // namespace kith
