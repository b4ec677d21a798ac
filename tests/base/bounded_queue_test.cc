#include "engine/base/bounded_queue.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <deque>
#include <memory>
#include <vector>

namespace kith {
namespace {

TEST(BoundedQueue, what_goes_in_first_comes_out_first) {
  BoundedQueue<int> queue(3);
  for (const int item : {1, 2, 3}) ASSERT_TRUE(queue.push(item));
  EXPECT_EQ(queue.front(), 1);
  EXPECT_EQ(queue.pop(), 1);
  EXPECT_EQ(queue.pop(), 2);
  EXPECT_EQ(queue.pop(), 3);
  EXPECT_EQ(queue.pop(), std::nullopt);
}

TEST(BoundedQueue, a_full_queue_refuses_and_leaves_the_item_alone) {
  BoundedQueue<std::unique_ptr<int>> queue(1);
  ASSERT_TRUE(queue.push(std::make_unique<int>(1)));
  auto second = std::make_unique<int>(2);
  EXPECT_FALSE(queue.push(std::move(second)));
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(*second, 2);
  EXPECT_EQ(queue.size(), 1u);

  ASSERT_TRUE(queue.pop().has_value());
  EXPECT_TRUE(queue.push(std::move(second)));
}

TEST(BoundedQueue, clearing_makes_room) {
  BoundedQueue<int> queue(2);
  ASSERT_TRUE(queue.push(1));
  ASSERT_TRUE(queue.push(2));
  ASSERT_TRUE(queue.full());
  queue.clear();
  EXPECT_TRUE(queue.empty());
  EXPECT_TRUE(queue.push(3));
  EXPECT_EQ(queue.front(), 3);
}

TEST(BoundedQueueDeathTest, the_front_of_an_empty_queue_is_a_programmer_error) {
  BoundedQueue<int> queue(1);
  EXPECT_DEATH(queue.front(), "KITH_CHECK");
  EXPECT_DEATH(BoundedQueue<int>(0), "KITH_CHECK");
}

// `nullopt` is a pop, a number is a push.
RC_GTEST_PROP(BoundedQueue, behaves_as_a_deque_with_a_limit,
              (const std::vector<rc::Maybe<int>>& steps)) {
  const auto capacity = *rc::gen::inRange<std::size_t>(1, 8);
  BoundedQueue<int> queue(capacity);
  std::deque<int> model;
  for (const auto& step : steps) {
    if (step) {
      const bool fits = model.size() < capacity;
      RC_ASSERT(queue.push(*step) == fits);
      if (fits) model.push_back(*step);
    } else if (model.empty()) {
      RC_ASSERT(!queue.pop().has_value());
    } else {
      RC_ASSERT(queue.pop() == model.front());
      model.pop_front();
    }
    RC_ASSERT(queue.size() == model.size());
    RC_ASSERT(queue.full() == (model.size() == capacity));
  }
}

}  // namespace
}  // namespace kith
