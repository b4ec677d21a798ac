#pragma once

// What every store behind kith/store.h does, real or simulated. A test program defines a class
// derived from StoreUnderTest that can be made without arguments, and instantiates the suite:
//
//   INSTANTIATE_TYPED_TEST_SUITE_P(Virtual, StoreConformance, ::testing::Types<MyStore>);

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kith/store.h"

namespace kith::testing {

class StoreUnderTest {
 public:
  virtual ~StoreUnderTest() = default;

  virtual void submit(StoreCommit commit) = 0;
  // The completions of everything submitted, in the order they came.
  virtual std::vector<StoreCompleted> run_until_idle() = 0;
  // Ends the process that uses the store, without warning, and starts another one: what it finds.
  virtual RestoredState restart() = 0;
};

template <class Store>
class StoreConformance : public ::testing::Test {
 protected:
  static StoreChange put(std::string key, std::string_view value) {
    return {std::move(key), to_bytes(as_byte_view(value))};
  }
  static StoreChange remove(std::string key) { return {std::move(key), std::nullopt}; }

  void must_commit(std::vector<StoreChange> changes) {
    const StoreOpId op{++last_op_};
    store_.submit({op, std::move(changes)});
    const auto completions = store_.run_until_idle();
    ASSERT_EQ(completions.size(), 1u);
    EXPECT_EQ(completions.front().op, op);
    EXPECT_TRUE(completions.front().outcome);
  }

  static std::optional<std::string> value_in(const RestoredState& state, const std::string& key) {
    const auto found = state.find(key);
    if (found == state.end()) return std::nullopt;
    return std::string(as_text(found->second));
  }

  Store store_;
  std::uint64_t last_op_ = 0;
};

TYPED_TEST_SUITE_P(StoreConformance);

TYPED_TEST_P(StoreConformance, a_new_store_is_empty) {
  EXPECT_TRUE(this->store_.restart().empty());
}

TYPED_TEST_P(StoreConformance, what_was_committed_is_there_after_a_restart) {
  this->must_commit({this->put("device/1", "one"), this->put("device/2", "two")});
  const RestoredState state = this->store_.restart();
  EXPECT_EQ(state.size(), 2u);
  EXPECT_EQ(this->value_in(state, "device/1"), "one");
  EXPECT_EQ(this->value_in(state, "device/2"), "two");
}

TYPED_TEST_P(StoreConformance, the_last_value_of_a_key_counts) {
  this->must_commit({this->put("key", "first")});
  this->must_commit({this->put("key", "second")});
  this->must_commit({this->put("other", "x"), this->put("other", "y")});
  const RestoredState state = this->store_.restart();
  EXPECT_EQ(this->value_in(state, "key"), "second");
  EXPECT_EQ(this->value_in(state, "other"), "y");
}

TYPED_TEST_P(StoreConformance, a_removed_key_is_gone) {
  this->must_commit({this->put("key", "value"), this->put("kept", "value")});
  this->must_commit({this->remove("key"), this->remove("never there")});
  const RestoredState state = this->store_.restart();
  EXPECT_FALSE(this->value_in(state, "key"));
  EXPECT_TRUE(this->value_in(state, "kept"));
}

TYPED_TEST_P(StoreConformance, an_empty_value_is_a_value) {
  this->must_commit({this->put("empty", "")});
  EXPECT_EQ(this->value_in(this->store_.restart(), "empty"), "");
}

TYPED_TEST_P(StoreConformance, keys_and_values_are_any_bytes) {
  const std::string odd("\0\xff/'\"\n", 6);
  this->must_commit({this->put(odd, odd), this->put("", "empty key")});
  const RestoredState state = this->store_.restart();
  EXPECT_EQ(this->value_in(state, odd), odd);
  EXPECT_EQ(this->value_in(state, ""), "empty key");
}

TYPED_TEST_P(StoreConformance, a_large_value_comes_back_whole) {
  const std::string large(3u << 20, 'v');
  this->must_commit({this->put("large", large)});
  EXPECT_EQ(this->value_in(this->store_.restart(), "large"), large);
}

TYPED_TEST_P(StoreConformance, an_empty_commit_completes) { this->must_commit({}); }

TYPED_TEST_P(StoreConformance, commits_complete_in_the_order_they_were_issued) {
  for (std::uint64_t op = 1; op <= 200; ++op) {
    this->store_.submit({StoreOpId{op}, {this->put("last", std::to_string(op))}});
  }
  const auto completions = this->store_.run_until_idle();
  ASSERT_EQ(completions.size(), 200u);
  for (std::uint64_t op = 1; op <= 200; ++op) {
    EXPECT_EQ(completions[op - 1].op, StoreOpId{op});
    EXPECT_TRUE(completions[op - 1].outcome);
  }
  EXPECT_EQ(this->value_in(this->store_.restart(), "last"), "200");
}

TYPED_TEST_P(StoreConformance, the_store_goes_on_after_a_restart) {
  this->must_commit({this->put("before", "1")});
  this->store_.restart();
  this->must_commit({this->put("after", "2")});
  const RestoredState state = this->store_.restart();
  EXPECT_EQ(this->value_in(state, "before"), "1");
  EXPECT_EQ(this->value_in(state, "after"), "2");
}

REGISTER_TYPED_TEST_SUITE_P(StoreConformance, a_new_store_is_empty,
                            what_was_committed_is_there_after_a_restart,
                            the_last_value_of_a_key_counts, a_removed_key_is_gone,
                            an_empty_value_is_a_value, keys_and_values_are_any_bytes,
                            a_large_value_comes_back_whole, an_empty_commit_completes,
                            commits_complete_in_the_order_they_were_issued,
                            the_store_goes_on_after_a_restart);

}  // namespace kith::testing
