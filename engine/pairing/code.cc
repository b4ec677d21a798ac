#include "engine/pairing/code.h"

#include "engine/crypto/kdf.h"

namespace kith::pairing {

CodeKeys derive_code_keys(const CodeEntropy& entropy) {
  CodeKeys keys{std::make_shared<const KeyPair>(derive_key(entropy, "kith pair rendezvous v1")),
                derive_key(entropy, "kith pair password v1"),
                {}};
  hkdf(entropy, {}, as_byte_view("kith pair discovery v1"), keys.discovery);
  return keys;
}

}  // namespace kith::pairing
