#include "engine/pairing/code.h"

#include "engine/crypto/kdf.h"

namespace kith::pairing {

CodeKeys derive_code_keys(const CodeEntropy& entropy) {
  return {std::make_shared<const KeyPair>(derive_key(entropy, "kith pair rendezvous v1")),
          derive_key(entropy, "kith pair password v1")};
}

}  // namespace kith::pairing
