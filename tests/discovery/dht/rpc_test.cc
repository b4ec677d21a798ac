#include "engine/discovery/dht/rpc.h"

#include <gtest/gtest.h>

namespace kith::dht {
namespace {

using std::chrono::milliseconds;

const Address kPeer = Address::v4(8, 8, 8, 8, 6881);
const Address kOther = Address::v4(8, 8, 8, 8, 6882);
constexpr Instant kStart{5'000'000'000};

Rpc rpc() { return Rpc(RandomSource({})); }
Call call_to(const Address& to) { return {to, std::nullopt, Purpose::test, 7, {}, {}}; }

TEST(Rpc, an_answer_belongs_to_its_query_by_address_and_transaction) {
  Rpc calls = rpc();
  const Bytes transaction = *calls.begin(kStart, call_to(kPeer));
  Bytes other = transaction;
  other[0] ^= std::byte{1};
  EXPECT_FALSE(calls.answered(kOther, transaction).has_value());
  EXPECT_FALSE(calls.answered(kPeer, other).has_value());
  EXPECT_FALSE(calls.answered(kPeer, ByteView(transaction).first(3)).has_value());
  const auto call = calls.answered(kPeer, transaction);
  ASSERT_TRUE(call.has_value());
  EXPECT_EQ(call->search, 7U);
  EXPECT_EQ(call->state, CallState::over);
  EXPECT_FALSE(calls.answered(kPeer, transaction).has_value());
  EXPECT_EQ(calls.deadline(), Instant::never());
}

TEST(Rpc, a_call_becomes_slow_once_and_then_ends_once) {
  Rpc calls = rpc();
  const Bytes transaction = *calls.begin(kStart, call_to(kPeer));
  EXPECT_EQ(calls.deadline(), kStart + kSlowAfter);
  EXPECT_TRUE(calls.expire(kStart + kSlowAfter - milliseconds(1)).empty());
  const auto slow = calls.expire(kStart + kSlowAfter);
  ASSERT_EQ(slow.size(), 1U);
  EXPECT_EQ(slow[0].state, CallState::slow);
  EXPECT_TRUE(calls.expire(kStart + kSilentAfter - milliseconds(1)).empty());
  const auto over = calls.expire(kStart + kSilentAfter);
  ASSERT_EQ(over.size(), 1U);
  EXPECT_EQ(over[0].state, CallState::over);
  EXPECT_FALSE(calls.answered(kPeer, transaction).has_value());
  EXPECT_EQ(calls.size(), 0U);
}

TEST(Rpc, a_slow_answer_is_still_an_answer) {
  Rpc calls = rpc();
  const Bytes transaction = *calls.begin(kStart, call_to(kPeer));
  calls.expire(kStart + kSlowAfter);
  EXPECT_TRUE(calls.answered(kPeer, transaction).has_value());
  EXPECT_EQ(calls.deadline(), Instant::never());
}

TEST(Rpc, after_a_long_sleep_both_steps_are_told) {
  Rpc calls = rpc();
  calls.begin(kStart, call_to(kPeer));
  const auto expired = calls.expire(kStart + kSilentAfter);
  ASSERT_EQ(expired.size(), 2U);
  EXPECT_EQ(expired[1].state, CallState::over);
}

TEST(Rpc, calls_are_bounded) {
  Rpc calls = rpc();
  for (std::size_t i = 0; i < kMaxCalls; ++i) {
    EXPECT_TRUE(calls.begin(kStart, call_to(kPeer)).has_value());
  }
  EXPECT_FALSE(calls.begin(kStart, call_to(kPeer)).has_value());
  calls.expire(kStart + kSilentAfter);
  EXPECT_TRUE(calls.begin(kStart, call_to(kPeer)).has_value());
}

}  // namespace
}  // namespace kith::dht
