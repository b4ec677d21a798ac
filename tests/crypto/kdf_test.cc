#include "engine/crypto/kdf.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

#include "engine/base/text.h"

namespace kith {
namespace {

Bytes counting(std::uint8_t first, std::size_t size);
std::string hkdf_hex(ByteView key, ByteView salt, ByteView info, std::size_t size);
std::string extract_hex(ByteView salt, ByteView key);

// RFC 4231 section 4: test cases 1, 2, 6 (a key longer than the block).
TEST(HmacSha256, the_vectors_of_rfc_4231_hold) {
  EXPECT_EQ(to_hex(hmac_sha256(Bytes(20, std::byte{0x0b}), as_byte_view("Hi There"))),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(to_hex(hmac_sha256(as_byte_view("Jefe"), as_byte_view("what do ya want for nothing?"))),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(
      to_hex(hmac_sha256(Bytes(131, std::byte{0xaa}),
                         as_byte_view("Test Using Larger Than Block-Size Key - Hash Key First"))),
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

// RFC 5869 appendix A.1.
TEST(Hkdf, the_basic_vector_of_rfc_5869_holds) {
  const Bytes key(22, std::byte{0x0b});
  const Bytes salt = counting(0x00, 13);
  const Bytes info = counting(0xf0, 10);
  EXPECT_EQ(extract_hex(salt, key),
            "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5");
  EXPECT_EQ(hkdf_hex(key, salt, info, 42),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
}

// RFC 5869 appendix A.2.
TEST(Hkdf, the_long_vector_of_rfc_5869_holds) {
  const Bytes key = counting(0x00, 80);
  const Bytes salt = counting(0x60, 80);
  const Bytes info = counting(0xb0, 80);
  EXPECT_EQ(extract_hex(salt, key),
            "06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244");
  EXPECT_EQ(hkdf_hex(key, salt, info, 82),
            "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c"
            "59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71"
            "cc30c58179ec3e87c14c01d5c1f3434f1d87");
}

// RFC 5869 appendix A.3.
TEST(Hkdf, the_vector_of_rfc_5869_without_salt_and_info_holds) {
  const Bytes key(22, std::byte{0x0b});
  EXPECT_EQ(extract_hex({}, key),
            "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04");
  EXPECT_EQ(hkdf_hex(key, {}, {}, 42),
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
}

TEST(Hkdf, it_gives_up_to_its_limit_and_no_more) {
  Bytes out(kMaxHkdfBytes);
  hkdf(as_byte_view("key"), {}, {}, out);
  EXPECT_EQ(to_hex(out).substr(0, 64), hkdf_hex(as_byte_view("key"), {}, {}, 32));
  EXPECT_NE(ByteView(out).last(32)[0], std::byte{0});  // the last block was written
}

TEST(HkdfDeathTest, more_than_its_limit_is_a_programmer_error) {
  Bytes out(kMaxHkdfBytes + 1);
  EXPECT_DEATH(hkdf(as_byte_view("key"), {}, {}, out), "KITH_CHECK");
}

TEST(DeriveKey, it_is_hkdf_with_the_label_as_info) {
  EXPECT_EQ(to_hex(derive_key(as_byte_view("material"), "label").view()),
            hkdf_hex(as_byte_view("material"), {}, as_byte_view("label"), 32));
}

RC_GTEST_PROP(DeriveKey, another_label_or_material_gives_another_key,
              (const std::string& a, const std::string& b)) {
  RC_PRE(a != b);
  RC_ASSERT(!(derive_key(as_byte_view("m"), a) == derive_key(as_byte_view("m"), b)));
  // HMAC pads its key with zeros, but the material is its message, where every byte counts.
  RC_ASSERT(!(derive_key(as_byte_view(a), "l") == derive_key(as_byte_view(b), "l")));
}

RC_GTEST_PROP(Hkdf, a_shorter_output_is_the_beginning_of_a_longer_one, ()) {
  const auto longer = *rc::gen::inRange<std::size_t>(0, 300);
  const auto shorter = *rc::gen::inRange<std::size_t>(0, longer + 1);
  const std::string whole = hkdf_hex(as_byte_view("k"), {}, as_byte_view("i"), longer);
  RC_ASSERT(hkdf_hex(as_byte_view("k"), {}, as_byte_view("i"), shorter) ==
            whole.substr(0, 2 * shorter));
}

Bytes counting(std::uint8_t first, std::size_t size) {
  Bytes bytes(size);
  for (std::byte& byte : bytes) byte = std::byte{first++};
  return bytes;
}

std::string hkdf_hex(ByteView key, ByteView salt, ByteView info, std::size_t size) {
  Bytes out(size);
  hkdf(key, salt, info, out);
  return to_hex(out);
}

std::string extract_hex(ByteView salt, ByteView key) {
  std::array<std::byte, 32> out;
  hkdf_extract(salt, key, out);
  return to_hex(out);
}

}  // namespace
}  // namespace kith
