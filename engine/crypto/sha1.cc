#include "engine/crypto/sha1.h"

// wolfSSL's settings come before its other headers.
#include <wolfssl/options.h>
// The settings first.
#include <wolfssl/wolfcrypt/sha.h>

#include <cstdint>

#include "engine/base/check.h"
#include "engine/base/sodium.h"

namespace kith {

std::array<std::byte, 20> sha1(std::initializer_list<ByteView> parts) {
  std::array<std::byte, 20> digest;
  static_assert(WC_SHA_DIGEST_SIZE == std::tuple_size_v<decltype(digest)>);
  wc_Sha state;
  KITH_CHECK(wc_InitSha(&state) == 0);
  for (const ByteView part : parts) {
    KITH_CHECK(wc_ShaUpdate(&state, uchars(part), static_cast<word32>(part.size())) == 0);
  }
  KITH_CHECK(wc_ShaFinal(&state, uchars_out(digest)) == 0);
  wc_ShaFree(&state);
  return digest;
}

}  // namespace kith
