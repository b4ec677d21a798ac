#include "engine/base/check.h"

#include <gtest/gtest.h>

namespace kith {
namespace {

TEST(CheckDeathTest, a_broken_assumption_says_where_and_what_and_aborts) {
  EXPECT_EXIT(KITH_CHECK(1 + 1 == 3), testing::KilledBySignal(SIGABRT),
              "check_test\\.cc:[0-9]+: KITH_CHECK\\(1 \\+ 1 == 3\\) failed");
}

TEST(CheckDeathTest, the_message_is_formatted) {
  const int size = 9;
  EXPECT_DEATH(KITH_CHECK_MSG(size <= 8, "{} bytes exceed {}", size, 8),
               "KITH_CHECK\\(size <= 8\\) failed: 9 bytes exceed 8");
}

TEST(Check, an_assumption_that_holds_costs_one_evaluation) {
  int evaluated = 0;
  KITH_CHECK(++evaluated > 0);
  KITH_CHECK_MSG(++evaluated > 0, "never formatted: {}", 1);
  EXPECT_EQ(evaluated, 2);
}

TEST(Check, it_is_one_statement) {
  bool otherwise = false;
  if (otherwise)
    KITH_CHECK(false);
  else
    otherwise = true;
  EXPECT_TRUE(otherwise);
}

}  // namespace
}  // namespace kith
