#include "io/cli/words_input.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kith::cli {
namespace {

using testing::HasSubstr;

// BIP-0039 test vectors (trezor/python-mnemonic vectors.json): entropy 7f7f…7f.
constexpr const char* kValid =
    "legal winner thank year wave sausage worth useful legal winner thank yellow";

TEST(WordsInput, words_come_as_one_argument_or_twelve_in_any_case) {
  EXPECT_EQ(gather_words({kValid}), kValid);
  EXPECT_TRUE(
      check_words(*gather_words({"Legal", "WINNER", "thank", "year", "wave", "sausage", "worth",
                                 "useful", "legal", "winner", "thank", "yellow"})));
}

TEST(WordsInput, a_wrong_count_and_an_unknown_word_are_mistakes_of_the_caller) {
  const auto few = check_words("legal winner thank");
  ASSERT_FALSE(few);
  EXPECT_EQ(exit_code(few.error().code, Origin::words), kUsage);
  const auto unknown =
      check_words("legal winnner thank year wave sausage worth useful legal winner thank yellow");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(exit_code(unknown.error().code, Origin::words), kUsage);
  EXPECT_THAT(unknown.error().message + unknown.error().hint, HasSubstr("winner"));
}

TEST(WordsInput, a_bad_checksum_is_a_refusal) {
  const auto swapped =
      check_words("winner legal thank year wave sausage worth useful legal winner thank yellow");
  ASSERT_FALSE(swapped);
  EXPECT_EQ(exit_code(swapped.error().code, Origin::words), kRefused);
}

}  // namespace
}  // namespace kith::cli
