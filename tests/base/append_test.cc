#include "engine/base/append.h"

#include <gtest/gtest.h>

namespace kith {
namespace {

TEST(AppendOnce, keeps_a_list_without_repetitions) {
  std::vector<int> list;
  EXPECT_TRUE(append_once(list, 1));
  EXPECT_TRUE(append_once(list, 2));
  EXPECT_FALSE(append_once(list, 1));
  EXPECT_EQ(list, (std::vector<int>{1, 2}));
}

}  // namespace
}  // namespace kith
