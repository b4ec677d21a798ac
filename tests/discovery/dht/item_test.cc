#include "engine/discovery/dht/item.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "engine/base/text.h"
#include "engine/crypto/sha1.h"

namespace kith::dht {
namespace {

template <std::size_t N>
std::array<std::byte, N> hex(std::string_view digits);

constexpr std::string_view kValue = "12:Hello World!";
constexpr std::string_view kKey =
    "77ff84905a91936367c01360803104f92432fcd904a43511876df5cdf3e7e548";

// FIPS 180-4's examples of SHA-1 as NIST publishes them: "abc" and the two-block message.
TEST(Sha1, the_examples_of_nist_hold) {
  EXPECT_EQ(to_hex(sha1({as_byte_view("abc")})), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(to_hex(sha1({as_byte_view("abcdbcdecdefdefgefghfghighijhi"),
                         as_byte_view("jkijkljklmklmnlmnomnopnopq")})),
            "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
  EXPECT_EQ(to_hex(sha1({})), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
}

// BEP 44, "test vectors", test 1.
TEST(Item, the_mutable_item_of_bep_44_holds) {
  const MutableItem item{
      {hex<32>(kKey)},
      {},
      1,
      to_bytes(as_byte_view(kValue)),
      hex<64>("305ac8aeb6c9c151fa120f120ea2cfb923564e11552d06a5d856091e5e853cff"
              "1260d3f39e4999684aa92eb73ffd136e6f4f3ecbfda0ce53a1608ecd7ae21f01")};
  EXPECT_EQ(as_text(signed_bytes({}, 1, as_byte_view(kValue))), "3:seqi1e1:v12:Hello World!");
  EXPECT_EQ(mutable_target(item.key, {}).to_hex(), "4a533d47ec9c7d95b1ad75f576cffc641853b750");
  EXPECT_TRUE(verify(item));
}

// BEP 44, "test vectors", test 2.
TEST(Item, the_mutable_item_with_salt_of_bep_44_holds) {
  const ByteView salt = as_byte_view("foobar");
  const MutableItem item{
      {hex<32>(kKey)},
      to_bytes(salt),
      1,
      to_bytes(as_byte_view(kValue)),
      hex<64>("6834284b6b24c3204eb2fea824d82f88883a3d95e8b4a21b8c0ded553d17d17d"
              "df9a8a7104b1258f30bed3787e6cb896fca78c58f8e03b5f18f14951a87d9a08")};
  EXPECT_EQ(as_text(signed_bytes(salt, 1, as_byte_view(kValue))),
            "4:salt6:foobar3:seqi1e1:v12:Hello World!");
  EXPECT_EQ(mutable_target(item.key, salt).to_hex(), "411eba73b6f087ca51a3795d9c8c938d365e32c1");
  EXPECT_TRUE(verify(item));
}

// BEP 44, "test vectors", test 3.
TEST(Item, the_immutable_item_of_bep_44_holds) {
  EXPECT_EQ(immutable_target(as_byte_view(kValue)).to_hex(),
            "e5f96f6f38320f0f33959cb4d3d656452117aadb");
  EXPECT_EQ(string_value(as_byte_view("Hello World!")), to_bytes(as_byte_view(kValue)));
}

RC_GTEST_PROP(Item, a_signature_covers_salt_sequence_and_value, (const std::string& text)) {
  RandomSource random({});
  const KeyPair key = KeyPair::random(random);
  const Bytes value =
      string_value(as_byte_view(text).first(std::min<std::size_t>(text.size(), 900)));
  const MutableItem item = sign_item(key, as_byte_view("salt"), 7, value);
  RC_ASSERT(verify(item));
  MutableItem other = item;
  other.seq = 8;
  RC_ASSERT(!verify(other));
  other = item;
  other.salt = to_bytes(as_byte_view("sale"));
  RC_ASSERT(!verify(other));
  other = item;
  other.value.back() ^= std::byte{1};
  RC_ASSERT(!verify(other));
}

TEST(Item, what_breaks_a_limit_is_not_valid) {
  RandomSource random({});
  const KeyPair key = KeyPair::random(random);
  const auto signed_as = [&](std::size_t salt, std::int64_t seq, std::size_t value) {
    MutableItem item{key.id(), Bytes(salt), seq, Bytes(value), {}};
    item.signature = key.sign(signed_bytes(item.salt, seq, item.value));
    return item;
  };
  EXPECT_TRUE(verify(signed_as(kMaxSaltBytes, 0, kMaxValueBytes)));
  EXPECT_FALSE(verify(signed_as(kMaxSaltBytes + 1, 0, 1)));
  EXPECT_FALSE(verify(signed_as(0, 0, kMaxValueBytes + 1)));
  EXPECT_FALSE(verify(signed_as(0, -1, 1)));
}

template <std::size_t N>
std::array<std::byte, N> hex(std::string_view digits) {
  std::array<std::byte, N> out{};
  const Bytes bytes = from_hex(digits).value();
  std::copy_n(bytes.begin(), N, out.begin());
  return out;
}

}  // namespace
}  // namespace kith::dht
