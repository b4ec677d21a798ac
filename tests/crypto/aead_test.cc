#include "engine/crypto/aead.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>
#include <string>

#include "engine/base/text.h"

namespace kith {
namespace {

Bytes hex(std::string_view digits);
SecretKey some_key();
std::string unsealed(const std::optional<SecretBytes>& plaintext);

// draft-irtf-cfrg-xchacha-03 appendix A.3.1.
TEST(Unseal, the_vector_of_the_xchacha_draft_opens) {
  const Bytes key = hex("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f");
  const Bytes sealed =
      hex("404142434445464748494a4b4c4d4e4f5051525354555657"
          "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb"
          "731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213b452"
          "2f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9"
          "21f9664c97637da9768812f615c68b13b52e"
          "c0875924c1c7987947deafd8780acf49");
  const auto plaintext =
      unseal(SecretKey(SecretBytes::copy_of(key)), sealed, hex("50515253c0c1c2c3c4c5c6c7"));
  EXPECT_EQ(unsealed(plaintext),
            "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the "
            "future, sunscreen would be it.");
}

TEST(Seal, every_sealing_has_a_nonce_of_its_own) {
  RandomSource random({});
  const SecretKey key = some_key();
  std::set<std::string> nonces;
  for (int i = 0; i < 100; ++i) {
    nonces.insert(to_hex(ByteView(seal(key, {}, {}, random)).first(24)));
  }
  EXPECT_EQ(nonces.size(), 100u);
}

TEST(Unseal, what_is_too_short_to_be_sealed_does_not_open) {
  const Bytes zeros(kSealOverhead);
  for (std::size_t size = 0; size <= zeros.size(); ++size) {
    EXPECT_FALSE(unseal(some_key(), ByteView(zeros).first(size), {}).has_value());
  }
}

RC_GTEST_PROP(Seal, what_is_sealed_opens,
              (const std::string& plaintext, const std::string& associated)) {
  RandomSource random({});
  const Bytes sealed = seal(some_key(), as_byte_view(plaintext), as_byte_view(associated), random);
  RC_ASSERT(sealed.size() == plaintext.size() + kSealOverhead);
  const auto opened = unseal(some_key(), sealed, as_byte_view(associated));
  RC_ASSERT(opened.has_value());
  RC_ASSERT(as_text(opened->view()) == plaintext);
}

RC_GTEST_PROP(Unseal, one_changed_bit_is_noticed_anywhere, (const std::string& plaintext)) {
  RandomSource random({});
  Bytes sealed = seal(some_key(), as_byte_view(plaintext), as_byte_view("record 1"), random);
  const auto at = *rc::gen::inRange<std::size_t>(0, sealed.size());
  sealed[at] ^= static_cast<std::byte>(1 << *rc::gen::inRange(0, 8));
  RC_ASSERT(!unseal(some_key(), sealed, as_byte_view("record 1")).has_value());
}

RC_GTEST_PROP(Unseal, a_record_moved_elsewhere_does_not_open,
              (const std::string& here, const std::string& there)) {
  RC_PRE(here != there);
  RandomSource random({});
  const Bytes sealed = seal(some_key(), as_byte_view("secret"), as_byte_view(here), random);
  RC_ASSERT(!unseal(some_key(), sealed, as_byte_view(there)).has_value());
}

TEST(Unseal, another_key_does_not_open) {
  RandomSource random({});
  const Bytes sealed = seal(some_key(), as_byte_view("secret"), {}, random);
  EXPECT_FALSE(unseal(SecretKey::random(random), sealed, {}).has_value());
  EXPECT_EQ(unsealed(unseal(some_key(), sealed, {})), "secret");
}

Bytes hex(std::string_view digits) { return from_hex(digits).value(); }

SecretKey some_key() {
  RandomSource random({});
  RandomSource keys = random.fork("keys");
  return SecretKey::random(keys);
}

std::string unsealed(const std::optional<SecretBytes>& plaintext) {
  return plaintext ? std::string(as_text(plaintext->view())) : "did not open";
}

}  // namespace
}  // namespace kith
