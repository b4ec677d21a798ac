// What a death leaves of commits under way, and stores that fail. What every store does is in
// conformance_test.cc.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <set>
#include <string>

#include "engine/base/random.h"
#include "sim/disk/virtual_store.h"

namespace kith::sim {
namespace {

StoreChange put(std::string key, std::size_t size = 1) { return {std::move(key), Bytes(size)}; }

std::string keys_of(const VirtualStore& store) {
  std::string keys;
  for (const auto& [key, value] : store.content()) keys += key;
  return keys;
}

TEST(VirtualStore, keeps_some_of_the_commits_under_way_in_order_and_whole) {
  std::set<std::string> found;
  for (std::uint64_t death = 0; death < 60; ++death) {
    VirtualStore store;
    store.begin({}, {{1}, {put("a")}});
    store.finish();
    store.begin({}, {{2}, {put("b"), put("c")}});
    store.begin({}, {{3}, {put("d")}});
    RandomSource fate = RandomSource(std::array<std::byte, 32>{}).fork("death", death);
    store.crash(fate);
    EXPECT_EQ(store.underway(), 0u);
    found.insert(keys_of(store));
  }
  EXPECT_THAT(found, ::testing::UnorderedElementsAre("a", "abc", "abcd"));
}

TEST(VirtualStore, fails_the_nth_commit_and_no_other) {
  VirtualStore store;
  store.fail_commit(2, ErrorCode::io_error);
  for (std::uint64_t i = 1; i <= 3; ++i) store.begin({}, {{i}, {put(std::to_string(i))}});
  EXPECT_TRUE(store.finish().outcome);
  const StoreCompleted failed = store.finish();
  ASSERT_FALSE(failed.outcome);
  EXPECT_EQ(failed.outcome.error().code, ErrorCode::io_error);
  EXPECT_TRUE(store.finish().outcome);
  EXPECT_EQ(keys_of(store), "13");
}

TEST(VirtualStore, fails_what_begins_before_its_time_is_over) {
  const Instant later{100};
  VirtualStore store;
  store.fail_commit(1, ErrorCode::io_error, later);
  store.begin(later, {{1}, {put("1")}});
  store.fail_until(later, ErrorCode::no_space);
  store.begin({}, {{2}, {put("2")}});
  store.begin(Instant{99}, {{3}, {put("3")}});
  store.begin(later, {{4}, {put("4")}});
  EXPECT_TRUE(store.finish().outcome);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(store.finish().outcome.error().code, ErrorCode::no_space);
  EXPECT_TRUE(store.finish().outcome);
  EXPECT_EQ(keys_of(store), "14");
}

TEST(VirtualStore, forgets_the_nth_commit_without_a_word_and_no_other) {
  VirtualStore store;
  store.forget_commit(2);
  for (std::uint64_t i = 1; i <= 3; ++i) store.begin({}, {{i}, {put(std::to_string(i))}});
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(store.finish().outcome);
  EXPECT_EQ(keys_of(store), "13");
}

TEST(VirtualStore, undoes_the_whole_of_a_commit_that_does_not_fit) {
  VirtualStore store(StoreSpec{.capacity_bytes = 10});
  store.begin({}, {{1}, {put("a", 4)}});
  EXPECT_TRUE(store.finish().outcome);
  store.begin({}, {{2}, {{"a", std::nullopt}, put("b", 2), put("b", 3), put("c", 8)}});
  const StoreCompleted failed = store.finish();
  ASSERT_FALSE(failed.outcome);
  EXPECT_EQ(failed.outcome.error().code, ErrorCode::no_space);
  EXPECT_EQ(keys_of(store), "a");
  store.begin({}, {{3}, {{"a", std::nullopt}, put("b", 9)}});
  EXPECT_TRUE(store.finish().outcome);
  EXPECT_EQ(keys_of(store), "b");
}

}  // namespace
}  // namespace kith::sim
