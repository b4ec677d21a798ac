#include "engine/crypto/secret_bytes.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <new>
#include <string>
#include <type_traits>

#include "engine/base/text.h"

namespace kith {
namespace {

static_assert(!std::is_copy_constructible_v<SecretBytes>);
static_assert(!std::is_copy_assignable_v<SecretBytes>);
static_assert(!std::is_copy_constructible_v<SecretKey>);
static_assert(std::is_nothrow_move_constructible_v<SecretKey>);

TEST(SecretBytes, it_starts_as_zeros) {
  EXPECT_EQ(to_hex(SecretBytes(4).view()), "00000000");
  EXPECT_EQ(to_hex(SecretArray<3>().view()), "000000");
  EXPECT_TRUE(SecretBytes().empty());
  EXPECT_TRUE(SecretBytes(0).empty());
}

TEST(SecretBytes, moving_one_leaves_nothing_behind) {
  SecretBytes first = SecretBytes::copy_of(as_byte_view("secret"));
  SecretBytes second(std::move(first));
  EXPECT_TRUE(first.empty());
  EXPECT_EQ(as_text(second.view()), "secret");

  SecretBytes third = SecretBytes::copy_of(as_byte_view("other"));
  third = std::move(second);
  EXPECT_TRUE(second.empty());
  EXPECT_EQ(as_text(third.view()), "secret");

  SecretBytes& itself = third;
  third = std::move(itself);
  EXPECT_EQ(as_text(third.view()), "secret");
}

TEST(SecretBytes, a_clone_is_another_one) {
  SecretBytes original = SecretBytes::copy_of(as_byte_view("secret"));
  const SecretBytes copy = original.clone();
  original.writable()[0] = std::byte{'S'};
  EXPECT_EQ(as_text(original.view()), "Secret");
  EXPECT_EQ(as_text(copy.view()), "secret");
}

TEST(SecretBytes, random_ones_come_from_the_source_given) {
  RandomSource one({});
  RandomSource same({});
  const SecretBytes drawn = SecretBytes::random(16, one);
  EXPECT_EQ(to_hex(drawn.view()), to_hex(same.bytes<16>()));
  EXPECT_FALSE(SecretKey::random(one) == SecretKey::random(one));
}

TEST(SecretBytesDeathTest, a_write_past_the_end_is_caught) {
  SecretBytes secret(32);
  EXPECT_DEATH(*(secret.writable().data() + 32) = std::byte{1}, "");
}

TEST(SecretBytesDeathTest, a_key_that_was_moved_away_is_not_used) {
  SecretKey key;
  const SecretKey taken(std::move(key));
  EXPECT_DEATH(key.view(), "KITH_CHECK");
  EXPECT_DEATH(key.writable(), "KITH_CHECK");
}

TEST(SecretBytesDeathTest, a_key_of_the_wrong_length_is_not_taken) {
  EXPECT_DEATH(SecretKey(SecretBytes(31)), "KITH_CHECK");
}

TEST(ScratchSecret, it_is_zeroed_when_it_goes_out_of_scope) {
  alignas(ScratchSecret<16>) std::array<std::byte, sizeof(ScratchSecret<16>)> storage;
  auto* const secret = new (storage.data()) ScratchSecret<16>;
  std::ranges::fill(secret->writable(), std::byte{0xaa});
  ASSERT_EQ(to_hex(storage), std::string(32, 'a'));
  secret->~ScratchSecret();
  EXPECT_EQ(to_hex(storage), std::string(32, '0'));
}

TEST(EqualInConstantTime, lengths_count) {
  EXPECT_TRUE(equal_in_constant_time({}, {}));
  EXPECT_FALSE(equal_in_constant_time(as_byte_view("a"), {}));
  EXPECT_FALSE(equal_in_constant_time(as_byte_view("a"), as_byte_view("ab")));
  EXPECT_FALSE(SecretBytes(1) == SecretBytes(2));
}

RC_GTEST_PROP(EqualInConstantTime, agrees_with_ordinary_equality, ()) {
  const auto text = *rc::gen::nonEmpty(rc::gen::arbitrary<std::string>());
  std::string other = text;
  RC_ASSERT(equal_in_constant_time(as_byte_view(text), as_byte_view(other)));
  const auto at = *rc::gen::inRange<std::size_t>(0, text.size());
  const auto bit = *rc::gen::inRange(0, 8);
  other[at] = static_cast<char>(other[at] ^ (1 << bit));
  RC_ASSERT(!equal_in_constant_time(as_byte_view(text), as_byte_view(other)));
}

}  // namespace
}  // namespace kith
