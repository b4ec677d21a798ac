#include "engine/crypto/identity.h"

#include "engine/crypto/kdf.h"

namespace kith {

Identity::Identity(const SecretKey& master_key)
    : key_pair_(derive_key(master_key.view(), "kith identity v1")),
      store_sealing_key_(derive_key(master_key.view(), "kith store v1")),
      stateless_reset_key_(derive_key(master_key.view(), "kith stateless reset v1")) {
  hkdf(master_key.view(), {}, as_byte_view("kith visibility v1"), visibility_key_);
}

}  // namespace kith
