#include "engine/quic/packet_protection.h"

#include <sodium.h>
#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/aes.h>
#include <wolfssl/wolfcrypt/chacha.h>
#include <wolfssl/wolfcrypt/chacha20_poly1305.h>
#include <wolfssl/wolfcrypt/hash.h>
#include <wolfssl/wolfcrypt/hmac.h>
#include <wolfssl/wolfcrypt/random.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "engine/quic/wolfssl_hooks.h"

namespace kith::quic {
namespace {

constexpr std::size_t kTagBytes = 16;
constexpr std::size_t kNonceBytes = 12;

enum class Algorithm : std::uint8_t { aes_gcm, chacha20_poly1305 };

struct Cipher {
  Algorithm algorithm;
  std::size_t key_bytes;
};
constexpr Cipher kAes128{Algorithm::aes_gcm, 16};
constexpr Cipher kAes256{Algorithm::aes_gcm, 32};
constexpr Cipher kChaCha20{Algorithm::chacha20_poly1305, 32};

struct Hash {
  int wolfcrypt_type;
  std::size_t bytes;
};
constexpr Hash kSha256{WC_SHA256, WC_SHA256_DIGEST_SIZE};
constexpr Hash kSha384{WC_SHA384, WC_SHA384_DIGEST_SIZE};

// RFC 9001 section 6.6: packets under one key, and packets that fail to authenticate under any.
// ChaCha20-Poly1305 has no limit of the first kind below the packet number space.
constexpr std::uint64_t kMaxEncryptionsAesGcm = std::uint64_t{1} << 23;
constexpr std::uint64_t kMaxEncryptionsChaCha20 = std::uint64_t{1} << 62;
constexpr std::uint64_t kMaxForgeriesAesGcm = std::uint64_t{1} << 52;
constexpr std::uint64_t kMaxForgeriesChaCha20 = std::uint64_t{1} << 36;

// A key made ready for one algorithm: packets for an AEAD, masks for header protection.
struct Key {
  explicit Key(const Cipher& of) : cipher(of) {}

  const Cipher& cipher;
  union {
    Aes aes;
    std::array<std::uint8_t, 32> chacha20;
  };
};

template <class Handle>
void* native(const Handle& handle) {
  return const_cast<Handle*>(&handle);
}

const Cipher& cipher_of(const void* native_handle) {
  return *static_cast<const Cipher*>(native_handle);
}
const Hash& hash_of(const ngtcp2_crypto_md* md) {
  return *static_cast<const Hash*>(md->native_handle);
}
Key& key_of(void* native_handle) { return *static_cast<Key*>(native_handle); }

word32 len(std::size_t size) { return static_cast<word32>(size); }

void delete_key(void* native_handle) {
  if (native_handle == nullptr) return;
  Key* key = &key_of(native_handle);
  if (key->cipher.algorithm == Algorithm::aes_gcm) {
    wc_AesFree(&key->aes);
    sodium_memzero(&key->aes, sizeof key->aes);
  } else {
    sodium_memzero(key->chacha20.data(), key->chacha20.size());
  }
  delete key;
}

// Null if wolfCrypt refuses the key, which only a bug can cause.
Key* new_aead_key(const Cipher& cipher, const std::uint8_t* bytes) {
  auto* key = new Key(cipher);
  if (cipher.algorithm == Algorithm::chacha20_poly1305) {
    std::memcpy(key->chacha20.data(), bytes, cipher.key_bytes);
    return key;
  }
  if (wc_AesInit(&key->aes, nullptr, INVALID_DEVID) == 0 &&
      wc_AesGcmSetKey(&key->aes, bytes, len(cipher.key_bytes)) == 0) {
    return key;
  }
  delete_key(key);
  return nullptr;
}

// A header mask needs only the key schedule, not the tables of GCM.
Key* new_mask_key(const Cipher& cipher, const std::uint8_t* bytes) {
  if (cipher.algorithm == Algorithm::chacha20_poly1305) return new_aead_key(cipher, bytes);
  auto* key = new Key(cipher);
  if (wc_AesInit(&key->aes, nullptr, INVALID_DEVID) == 0 &&
      wc_AesSetKeyDirect(&key->aes, bytes, len(cipher.key_bytes), nullptr, AES_ENCRYPTION) == 0) {
    return key;
  }
  delete_key(key);
  return nullptr;
}

ngtcp2_crypto_aead* use_aead(ngtcp2_crypto_aead* aead, const Cipher& cipher) {
  aead->native_handle = native(cipher);
  aead->max_overhead = kTagBytes;
  return aead;
}

void use_parts(ngtcp2_crypto_ctx& ctx, const Cipher& cipher, const Hash& hash) {
  use_aead(&ctx.aead, cipher);
  ctx.md.native_handle = native(hash);
  ctx.hp.native_handle = native(cipher);
  const bool aes = cipher.algorithm == Algorithm::aes_gcm;
  ctx.max_encryption = aes ? kMaxEncryptionsAesGcm : kMaxEncryptionsChaCha20;
  ctx.max_decryption_failure = aes ? kMaxForgeriesAesGcm : kMaxForgeriesChaCha20;
}

}  // namespace

bool use_cipher_suite(ngtcp2_crypto_ctx& ctx, int suite, std::uint64_t max_packets_per_key) {
  switch (suite) {  // RFC 8446 appendix B.4
    case 0x1301:
      use_parts(ctx, kAes128, kSha256);
      break;
    case 0x1302:
      use_parts(ctx, kAes256, kSha384);
      break;
    case 0x1303:
      use_parts(ctx, kChaCha20, kSha256);
      break;
    default:
      return false;
  }
  ctx.max_encryption = std::min(ctx.max_encryption, max_packets_per_key);
  return true;
}

}  // namespace kith::quic

// What ngtcp2's crypto helper calls. Zero is success, -1 is failure.
extern "C" {

using namespace kith::quic;

ngtcp2_crypto_aead* ngtcp2_crypto_aead_aes_128_gcm(ngtcp2_crypto_aead* aead) {
  return use_aead(aead, kAes128);
}

ngtcp2_crypto_aead* ngtcp2_crypto_aead_retry(ngtcp2_crypto_aead* aead) {
  return use_aead(aead, kAes128);
}

ngtcp2_crypto_aead* ngtcp2_crypto_aead_init(ngtcp2_crypto_aead* aead, void* native_handle) {
  return use_aead(aead, cipher_of(native_handle));
}

ngtcp2_crypto_md* ngtcp2_crypto_md_sha256(ngtcp2_crypto_md* md) {
  md->native_handle = native(kSha256);
  return md;
}

ngtcp2_crypto_ctx* ngtcp2_crypto_ctx_initial(ngtcp2_crypto_ctx* ctx) {
  use_parts(*ctx, kAes128, kSha256);
  // Initial keys are no secret, so nothing limits them.
  ctx->max_encryption = 0;
  ctx->max_decryption_failure = 0;
  return ctx;
}

size_t ngtcp2_crypto_md_hashlen(const ngtcp2_crypto_md* md) { return hash_of(md).bytes; }

size_t ngtcp2_crypto_aead_keylen(const ngtcp2_crypto_aead* aead) {
  return cipher_of(aead->native_handle).key_bytes;
}

size_t ngtcp2_crypto_aead_noncelen(const ngtcp2_crypto_aead*) { return kNonceBytes; }

int ngtcp2_crypto_aead_ctx_encrypt_init(ngtcp2_crypto_aead_ctx* ctx, const ngtcp2_crypto_aead* aead,
                                        const uint8_t* key, size_t) {
  ctx->native_handle = new_aead_key(cipher_of(aead->native_handle), key);
  return ctx->native_handle == nullptr ? -1 : 0;
}

int ngtcp2_crypto_aead_ctx_decrypt_init(ngtcp2_crypto_aead_ctx* ctx, const ngtcp2_crypto_aead* aead,
                                        const uint8_t* key, size_t noncelen) {
  return ngtcp2_crypto_aead_ctx_encrypt_init(ctx, aead, key, noncelen);
}

void ngtcp2_crypto_aead_ctx_free(ngtcp2_crypto_aead_ctx* ctx) { delete_key(ctx->native_handle); }

int ngtcp2_crypto_cipher_ctx_encrypt_init(ngtcp2_crypto_cipher_ctx* ctx,
                                          const ngtcp2_crypto_cipher* cipher, const uint8_t* key) {
  ctx->native_handle = new_mask_key(cipher_of(cipher->native_handle), key);
  return ctx->native_handle == nullptr ? -1 : 0;
}

void ngtcp2_crypto_cipher_ctx_free(ngtcp2_crypto_cipher_ctx* ctx) {
  delete_key(ctx->native_handle);
}

int ngtcp2_crypto_hkdf_extract(uint8_t* dest, const ngtcp2_crypto_md* md, const uint8_t* secret,
                               size_t secretlen, const uint8_t* salt, size_t saltlen) {
  return wc_HKDF_Extract(hash_of(md).wolfcrypt_type, salt, len(saltlen), secret, len(secretlen),
                         dest) == 0
             ? 0
             : -1;
}

int ngtcp2_crypto_hkdf_expand(uint8_t* dest, size_t destlen, const ngtcp2_crypto_md* md,
                              const uint8_t* secret, size_t secretlen, const uint8_t* info,
                              size_t infolen) {
  return wc_HKDF_Expand(hash_of(md).wolfcrypt_type, secret, len(secretlen), info, len(infolen),
                        dest, len(destlen)) == 0
             ? 0
             : -1;
}

int ngtcp2_crypto_hkdf(uint8_t* dest, size_t destlen, const ngtcp2_crypto_md* md,
                       const uint8_t* secret, size_t secretlen, const uint8_t* salt, size_t saltlen,
                       const uint8_t* info, size_t infolen) {
  return wc_HKDF(hash_of(md).wolfcrypt_type, secret, len(secretlen), salt, len(saltlen), info,
                 len(infolen), dest, len(destlen)) == 0
             ? 0
             : -1;
}

int ngtcp2_crypto_encrypt(uint8_t* dest, const ngtcp2_crypto_aead*,
                          const ngtcp2_crypto_aead_ctx* ctx, const uint8_t* plaintext,
                          size_t plaintextlen, const uint8_t* nonce, size_t, const uint8_t* aad,
                          size_t aadlen) {
  Key& key = key_of(ctx->native_handle);
  uint8_t* const tag = dest + plaintextlen;
  const int rv = key.cipher.algorithm == Algorithm::aes_gcm
                     ? wc_AesGcmEncrypt(&key.aes, dest, plaintext, len(plaintextlen), nonce,
                                        kNonceBytes, tag, kTagBytes, aad, len(aadlen))
                     : wc_ChaCha20Poly1305_Encrypt(key.chacha20.data(), nonce, aad, len(aadlen),
                                                   plaintext, len(plaintextlen), dest, tag);
  return rv == 0 ? 0 : -1;
}

int ngtcp2_crypto_decrypt(uint8_t* dest, const ngtcp2_crypto_aead*,
                          const ngtcp2_crypto_aead_ctx* ctx, const uint8_t* ciphertext,
                          size_t ciphertextlen, const uint8_t* nonce, size_t, const uint8_t* aad,
                          size_t aadlen) {
  if (ciphertextlen < kTagBytes) return -1;
  Key& key = key_of(ctx->native_handle);
  const std::size_t size = ciphertextlen - kTagBytes;
  const uint8_t* const tag = ciphertext + size;
  const int rv = key.cipher.algorithm == Algorithm::aes_gcm
                     ? wc_AesGcmDecrypt(&key.aes, dest, ciphertext, len(size), nonce, kNonceBytes,
                                        tag, kTagBytes, aad, len(aadlen))
                     : wc_ChaCha20Poly1305_Decrypt(key.chacha20.data(), nonce, aad, len(aadlen),
                                                   ciphertext, len(size), tag, dest);
  if (rv == 0) return 0;
  ++WolfsslScope::current().forged_packets;
  return -1;
}

// RFC 9001 section 5.4.
int ngtcp2_crypto_hp_mask(uint8_t* dest, const ngtcp2_crypto_cipher*,
                          const ngtcp2_crypto_cipher_ctx* ctx, const uint8_t* sample) {
  Key& key = key_of(ctx->native_handle);
  if (key.cipher.algorithm == Algorithm::aes_gcm) {
    return wc_AesEncryptDirect(&key.aes, dest, sample) == 0 ? 0 : -1;
  }
  constexpr std::array<std::uint8_t, NGTCP2_HP_MASKLEN> kZeros{};
  word32 counter = 0;
  for (std::size_t i = 4; i-- > 0;) counter = counter << 8 | sample[i];
  ChaCha chacha;
  const bool masked =
      wc_Chacha_SetKey(&chacha, key.chacha20.data(), len(key.chacha20.size())) == 0 &&
      wc_Chacha_SetIV(&chacha, sample + 4, counter) == 0 &&
      wc_Chacha_Process(&chacha, dest, kZeros.data(), len(kZeros.size())) == 0;
  sodium_memzero(&chacha, sizeof chacha);
  return masked ? 0 : -1;
}

int ngtcp2_crypto_random(uint8_t* data, size_t datalen) {
  return kith_rand_generate_block(data, len(datalen));
}

}  // extern "C"
