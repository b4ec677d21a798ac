#include "engine/core/revocations.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <deque>
#include <optional>
#include <string>

namespace kith {
namespace {

const StoreChange kRemoval{"device/a", std::nullopt};
const StoreChange kBlocking{"device/a", Bytes(1)};
const StoreChange kOther{"device/b", std::nullopt};

StoreCompleted done(const StoreCommit& commit) { return {commit.op, {}}; }
StoreCompleted failed(const StoreCommit& commit) {
  return {commit.op, failure(ErrorCode::no_space, "the disk is full")};
}
Instant at(Duration after) { return Instant{} + after; }

TEST(Revocations, what_is_durable_is_told_once) {
  EffectIds ids(1);
  Revocations revocations(ids);
  const StoreCommit commit = revocations.revoke(kRemoval, {{}, true});
  EXPECT_EQ(commit.changes.at(0).key, kRemoval.key);
  const auto told = revocations.stored(at({}), done(commit));
  ASSERT_TRUE(told.has_value());
  EXPECT_TRUE(told->removed);
  EXPECT_FALSE(revocations.stored(at({}), done(commit)).has_value());
  EXPECT_EQ(revocations.next_due(), Instant::never());
}

TEST(Revocations, what_failed_is_made_again_after_longer_and_longer_pauses) {
  EffectIds ids(1);
  Revocations revocations(ids);
  StoreCommit commit = revocations.revoke(kRemoval, {{}, true});
  Instant now;
  Duration pause = Revocations::kFirstPause;
  for (int i = 0; i < 10; ++i) {
    EXPECT_FALSE(revocations.stored(now, failed(commit)).has_value());
    EXPECT_EQ(revocations.next_due(), now + pause);
    EXPECT_TRUE(revocations.due(now + pause - Duration(1)).empty());
    now = now + pause;
    const auto due = revocations.due(now);
    ASSERT_EQ(due.size(), 1u);
    EXPECT_TRUE(revocations.due(now).empty());
    EXPECT_NE(due[0].op, commit.op);
    EXPECT_EQ(due[0].changes.at(0).key, kRemoval.key);
    commit = due[0];
    pause = std::min(2 * pause, Revocations::kLongestPause);
  }
  EXPECT_TRUE(revocations.stored(now, done(commit)).has_value());
}

TEST(Revocations, what_a_later_commit_writes_is_not_made_again) {
  for (const bool underway : {false, true}) {
    EffectIds ids(1);
    Revocations revocations(ids);
    const StoreCommit commit = revocations.revoke(kRemoval, {{}, true});
    if (!underway) revocations.stored(at({}), failed(commit));
    revocations.superseded_by({{99}, {kOther, kBlocking}});
    if (underway) {
      EXPECT_FALSE(revocations.stored(at({}), failed(commit)).has_value());
    }
    EXPECT_EQ(revocations.next_due(), Instant::never());
  }
}

// Blocked and removed in any order, with a store that fails as it likes: in the end the store has
// what was said last, and nothing was told that it did not have.
RC_GTEST_PROP(Revocations, the_last_word_becomes_durable, ()) {
  EffectIds ids(1);
  Revocations revocations(ids);
  std::deque<StoreCommit> underway;
  std::optional<bool> held;  // whether the device is removed in the store
  std::optional<bool> said;
  Instant now;
  const auto complete = [&](bool works) {
    const StoreCommit commit = std::move(underway.front());
    underway.pop_front();
    if (works) held = !commit.changes.at(0).value.has_value();
    const auto told = revocations.stored(now, works ? done(commit) : failed(commit));
    RC_ASSERT(told.has_value() == works);
    RC_ASSERT(!told || told->removed == held);
  };
  const auto steps = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 5));
  for (const int step : steps) {
    if (step < 2) {
      said = step == 0;
      const StoreChange& change = *said ? kRemoval : kBlocking;
      underway.push_back(revocations.revoke(change, {{}, *said}));
    } else if (step == 2) {
      now = now + Revocations::kFirstPause;
      for (StoreCommit& commit : revocations.due(now)) underway.push_back(std::move(commit));
    } else if (!underway.empty()) {
      complete(step == 3);
    }
  }
  for (int round = 0; round < 2; ++round) {
    while (!underway.empty()) complete(true);
    now = now + Revocations::kLongestPause;
    for (StoreCommit& commit : revocations.due(now)) underway.push_back(std::move(commit));
  }
  RC_ASSERT(held == said);
  RC_ASSERT(revocations.next_due() == Instant::never());
}

}  // namespace
}  // namespace kith
