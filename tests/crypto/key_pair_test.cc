#include "engine/crypto/key_pair.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>

#include "engine/base/text.h"

namespace kith {
namespace {

template <std::size_t N>
std::array<std::byte, N> hex(std::string_view digits);
KeyPair key_pair_of(std::string_view seed);
DeviceId key_of(std::string_view digits);
Signature plus_group_order(Signature signature);

struct Vector {
  const char* seed;
  const char* key;
  const char* message;
  const char* signature;
};

// RFC 8032 section 7.1: tests 1, 2 and 3.
constexpr std::array<Vector, 3> kRfc8032{{
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555"
     "fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da0"
     "85ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac1"
     "8ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"},
}};

TEST(KeyPair, the_vectors_of_rfc_8032_hold) {
  for (const Vector& vector : kRfc8032) {
    const KeyPair pair = key_pair_of(vector.seed);
    const Bytes message = from_hex(vector.message).value();
    EXPECT_EQ(to_hex(pair.id().bytes), vector.key);
    EXPECT_EQ(to_hex(pair.sign(message)), vector.signature);
    EXPECT_TRUE(KeyPair::verify(pair.id(), message, hex<64>(vector.signature)));
  }
}

RC_GTEST_PROP(KeyPair, a_signature_belongs_to_one_key_and_one_message,
              (const std::string& message, const std::string& other)) {
  RandomSource random({});
  const KeyPair signer = KeyPair::random(random);
  const KeyPair stranger = KeyPair::random(random);
  const Signature signature = signer.sign(as_byte_view(message));
  RC_ASSERT(KeyPair::verify(signer.id(), as_byte_view(message), signature));
  RC_ASSERT(!KeyPair::verify(stranger.id(), as_byte_view(message), signature));
  if (other != message) {
    RC_ASSERT(!KeyPair::verify(signer.id(), as_byte_view(other), signature));
  }
}

RC_GTEST_PROP(KeyPair, a_signature_with_one_changed_bit_is_refused, ()) {
  RandomSource random({});
  const KeyPair signer = KeyPair::random(random);
  Signature signature = signer.sign(as_byte_view("message"));
  const auto at = *rc::gen::inRange<std::size_t>(0, signature.size());
  signature[at] ^= static_cast<std::byte>(1 << *rc::gen::inRange(0, 8));
  RC_ASSERT(!KeyPair::verify(signer.id(), as_byte_view("message"), signature));
}

// RFC 8032 section 5.1.7: S must be below the group order, or one signature could be respelt.
TEST(KeyPair, a_signature_with_the_group_order_added_is_refused) {
  const KeyPair signer = key_pair_of(kRfc8032[1].seed);
  const Signature signature = signer.sign(as_byte_view("message"));
  ASSERT_TRUE(KeyPair::verify(signer.id(), as_byte_view("message"), signature));
  EXPECT_FALSE(KeyPair::verify(signer.id(), as_byte_view("message"), plus_group_order(signature)));
}

// With such keys one signature is good for many messages. Points of order 1, 2, 4, 8 and 8, and the
// neutral element once more with y = p + 1.
TEST(KeyPair, keys_of_small_order_are_refused) {
  const Signature neutral = hex<64>(
      "0100000000000000000000000000000000000000000000000000000000000000"
      "0000000000000000000000000000000000000000000000000000000000000000");
  for (const char* key : {
           "0100000000000000000000000000000000000000000000000000000000000000",
           "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
           "0000000000000000000000000000000000000000000000000000000000000000",
           "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
           "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
           "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
       }) {
    EXPECT_FALSE(KeyPair::verify(key_of(key), as_byte_view("any message"), neutral)) << key;
  }
}

TEST(KeyPair, random_keys_come_from_the_source_given) {
  RandomSource one({});
  RandomSource same({});
  EXPECT_EQ(KeyPair::random(one).id(), KeyPair::random(same).id());
  EXPECT_NE(KeyPair::random(one).id(), KeyPair::random(one).id());
}

TEST(KeyPair, a_moved_key_pair_still_signs) {
  KeyPair first = key_pair_of(kRfc8032[0].seed);
  const KeyPair second(std::move(first));
  EXPECT_EQ(to_hex(second.sign({})), kRfc8032[0].signature);
}

// RFC 8410 section 10.1.
TEST(Spki, the_example_of_rfc_8410_holds) {
  const DeviceId key = key_of("19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1");
  const SpkiDer der = spki_der(key);
  EXPECT_EQ(to_hex(der),
            "302a300506032b6570032100"
            "19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1");
  EXPECT_EQ(parse_spki(der), key);
}

TEST(Spki, anything_but_exactly_an_ed25519_key_is_refused) {
  const SpkiDer der = key_pair_of(kRfc8032[0].seed).spki_der();
  for (std::size_t size = 0; size < der.size(); ++size) {
    EXPECT_FALSE(parse_spki(ByteView(der).first(size)).has_value());
  }
  Bytes longer = to_bytes(der);
  longer.push_back(std::byte{0});
  EXPECT_FALSE(parse_spki(longer).has_value());
  for (std::size_t i = 0; i < kSpkiPrefix.size(); ++i) {
    SpkiDer other = der;
    other[i] ^= std::byte{1};
    EXPECT_FALSE(parse_spki(other).has_value()) << i;
  }
}

// The key of RFC 8410 section 10.3, as wolfSSL 5.7.2's wc_Ed25519KeyToDer writes it.
TEST(Pkcs8, it_holds_the_private_and_the_public_key) {
  const KeyPair pair =
      key_pair_of("d4ee72dbf913584ad5b6d8f1f769f8ad3afe7c28cbf1d4fbe097a88f44755842");
  EXPECT_EQ(to_hex(pair.pkcs8_der().view()),
            "3050020100300506032b657004220420"
            "d4ee72dbf913584ad5b6d8f1f769f8ad3afe7c28cbf1d4fbe097a88f44755842"
            "8120"
            "19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1");
}

template <std::size_t N>
std::array<std::byte, N> hex(std::string_view digits) {
  std::array<std::byte, N> out{};
  const Bytes bytes = from_hex(digits).value();
  EXPECT_EQ(bytes.size(), N);
  std::copy_n(bytes.begin(), std::min(N, bytes.size()), out.begin());
  return out;
}

KeyPair key_pair_of(std::string_view seed) { return KeyPair(SecretKey::copy_of(hex<32>(seed))); }

DeviceId key_of(std::string_view digits) { return {hex<32>(digits)}; }

// Adds 2^252 + 27742317777372353535851937790883648493 to S, the second half, little-endian.
Signature plus_group_order(Signature signature) {
  const auto order = hex<32>("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
  unsigned carry = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const unsigned sum =
        std::to_integer<unsigned>(signature[32 + i]) + std::to_integer<unsigned>(order[i]) + carry;
    signature[32 + i] = static_cast<std::byte>(sum & 0xff);
    carry = sum >> 8;
  }
  return signature;
}

}  // namespace
}  // namespace kith
