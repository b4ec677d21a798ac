#include "engine/crypto/identity.h"

#include <gtest/gtest.h>

#include "engine/base/text.h"
#include "engine/crypto/kdf.h"

namespace kith {
namespace {

SecretKey master_key(std::uint8_t first);

// Computed by a separate implementation (Python's HMAC for HKDF, and Ed25519 as in RFC 8032 section
// 6): the id a person gets back from a recovery phrase depends on it.
TEST(Identity, its_id_is_fixed_for_ever) {
  EXPECT_EQ(to_hex(Identity(master_key(0)).id().bytes),
            "1dd8fa01488ba3de3d570fb42d4aa0b7778bebef1593d9fff2c83fd06c688f66");
  EXPECT_EQ(to_hex(Identity(master_key(0)).store_sealing_key().view()),
            "127a543400bb98c475141adaaa9deaf0af0b92938a8c7e8aa863330cd11a8b4c");
}

TEST(Identity, the_same_master_key_is_the_same_device) {
  EXPECT_EQ(Identity(master_key(1)).id(), Identity(master_key(1)).id());
  EXPECT_NE(Identity(master_key(1)).id(), Identity(master_key(2)).id());
}

TEST(Identity, it_signs_as_its_id) {
  const Identity identity(master_key(0));
  const Signature signature = identity.sign(as_byte_view("message"));
  EXPECT_TRUE(KeyPair::verify(identity.id(), as_byte_view("message"), signature));
  EXPECT_EQ(identity.key_pair().id(), identity.id());
}

TEST(Identity, no_key_is_the_master_key_or_another_key) {
  const Identity identity(master_key(0));
  EXPECT_FALSE(identity.store_sealing_key() == master_key(0));
  EXPECT_FALSE(identity.store_sealing_key() ==
               derive_key(master_key(0).view(), "kith identity v1"));
}

SecretKey master_key(std::uint8_t first) {
  SecretKey key;
  for (std::byte& byte : key.writable()) byte = std::byte{first++};
  return key;
}

}  // namespace
}  // namespace kith
