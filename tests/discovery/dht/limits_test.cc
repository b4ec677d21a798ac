// The small parts that keep the node polite and hard to fool.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "engine/discovery/dht/acquaintances.h"
#include "engine/discovery/dht/external_address.h"
#include "engine/discovery/dht/rate_limit.h"
#include "engine/discovery/dht/saved_table.h"
#include "engine/discovery/dht/tokens.h"

namespace kith::dht {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr Instant kStart{1'000'000'000'000};
Address host(std::uint8_t network, std::uint8_t number = 1, std::uint16_t port = 6881);

TEST(Tokens, a_token_is_good_for_its_address_for_five_to_ten_minutes) {
  Tokens tokens(kStart, RandomSource({}));
  const Bytes token = tokens.issue(kStart + minutes(1), host(1));
  EXPECT_TRUE(tokens.valid(kStart + minutes(1), host(1), token));
  EXPECT_TRUE(tokens.valid(kStart + minutes(1), host(1, 1, 9), token));  // a NAT changed the port
  EXPECT_FALSE(tokens.valid(kStart + minutes(1), host(1, 2), token));
  EXPECT_FALSE(tokens.valid(kStart + minutes(1), host(1), ByteView(token).first(7)));
  EXPECT_FALSE(tokens.valid(kStart + minutes(1), host(1), {}));
  EXPECT_TRUE(tokens.valid(kStart + minutes(10) - seconds(1), host(1), token));
  EXPECT_FALSE(tokens.valid(kStart + minutes(10), host(1), token));
}

TEST(Tokens, a_long_pause_ends_every_token) {
  Tokens tokens(kStart, RandomSource({}));
  const Bytes token = tokens.issue(kStart, host(1));
  const Instant later = kStart + std::chrono::hours(24 * 365);
  EXPECT_FALSE(tokens.valid(later, host(1), token));
  const Bytes fresh = tokens.issue(later, host(1));
  EXPECT_TRUE(tokens.valid(later + minutes(4), host(1), fresh));
}

TEST(RateLimit, a_burst_passes_and_then_the_rate) {
  Credit credit;
  const Rate rate{10, 5};
  std::size_t passed = 0;
  for (int i = 0; i < 20; ++i) passed += credit.take(kStart, rate, 1) ? 1 : 0;
  EXPECT_EQ(passed, 5U);
  EXPECT_FALSE(credit.take(kStart + milliseconds(99), rate, 1));
  EXPECT_TRUE(credit.take(kStart + milliseconds(100), rate, 1));
  passed = 0;
  for (int ms = 1000; ms < 11000; ++ms) {
    passed += credit.take(kStart + milliseconds(ms), rate, 1) ? 1 : 0;
  }
  EXPECT_GE(passed, 100U);
  EXPECT_LE(passed, 105U);
  EXPECT_FALSE(Credit().take(kStart, rate, 6));
}

TEST(RateLimit, one_does_not_use_up_what_is_anothers_and_the_memory_is_bounded) {
  CreditPer<int> credits({1, 2}, 4);
  for (int key = 0; key < 4; ++key) {
    EXPECT_TRUE(credits.take(kStart, key, 2));
    EXPECT_FALSE(credits.take(kStart, key, 1));
    EXPECT_FALSE(credits.allows(kStart, key, 1));
    EXPECT_TRUE(credits.allows(kStart + seconds(1), key, 1));
  }
  EXPECT_TRUE(credits.allows(kStart, 9, 2));
  EXPECT_FALSE(credits.take(kStart, 9, 1));
  EXPECT_TRUE(credits.take(kStart + seconds(2), 9, 1));
  EXPECT_LE(credits.size(), 4U);
}

TEST(ExternalAddress, it_takes_most_of_several_networks_to_say_so) {
  ExternalAddress external;
  const Address seen = Address::v4(99, 9, 9, 9, 1);
  for (std::uint8_t i = 1; i < kVotesNeeded; ++i)
    EXPECT_FALSE(external.vote(Instant{}, host(i), seen));
  // The same network again has no second vote.
  EXPECT_FALSE(external.vote(Instant{}, host(1, 7), seen));
  EXPECT_FALSE(external.address().has_value());
  EXPECT_TRUE(external.vote(Instant{}, host(50), seen));
  EXPECT_EQ(external.address(), host_of(seen));
  // A liar's networks are not most of those that answer.
  for (std::uint8_t i = 60; i < 60 + kVotesNeeded; ++i) {
    EXPECT_FALSE(external.vote(Instant{}, host(i), Address::v4(66, 6, 6, 6, 1)));
  }
  EXPECT_EQ(external.address(), host_of(seen));
}

TEST(ExternalAddress, a_move_is_noticed) {
  ExternalAddress external;
  for (std::uint8_t i = 1; i <= kVotesKept; ++i)
    external.vote(Instant{}, host(i), Address::v4(99, 9, 9, 9, 1));
  bool moved = false;
  std::size_t votes = 0;
  for (std::uint8_t i = 1; i <= kVotesKept && !moved; ++i, ++votes) {
    moved = external.vote(Instant{}, host(i), Address::v4(77, 7, 7, 7, 1));
  }
  EXPECT_TRUE(moved);
  EXPECT_LE(votes, kVotesKept / 2 + 1);
}

TEST(ExternalAddress, who_has_left_does_not_outvote_who_is_there) {
  ExternalAddress external;
  const Address lie = Address::v4(66, 6, 6, 6, 1);
  const Address seen = Address::v4(99, 9, 9, 9, 1);
  for (std::uint8_t i = 1; i <= kVotesKept; ++i) external.vote(kStart, host(i), lie);
  const auto honest = [&](Instant now) {
    for (std::uint8_t i = 100; i < 100 + kVotesNeeded; ++i) external.vote(now, host(i), seen);
    return external.address();
  };
  EXPECT_EQ(honest(kStart + kVoteLife - seconds(1)), host_of(lie));
  EXPECT_EQ(honest(kStart + kVoteLife), host_of(seen));
}

TEST(ExternalAddress, who_is_silent_when_asked_has_no_vote) {
  ExternalAddress external;
  const Address before = Address::v4(66, 6, 6, 6, 1);
  const Address after = Address::v4(99, 9, 9, 9, 1);
  for (std::uint8_t i = 1; i <= kVotesKept; ++i) external.vote(kStart, host(i), before);
  for (std::uint8_t i = 1; i <= kVotesKept - kVotesNeeded; ++i) {
    external.on_silent(host(i));
    EXPECT_EQ(external.address(), host_of(before));
  }
  for (std::uint8_t i = 1; i <= kVotesNeeded; ++i) {
    EXPECT_EQ(external.address(), host_of(before));
    external.vote(kStart, host(kVotesKept - kVotesNeeded + i), after);
  }
  EXPECT_EQ(external.address(), host_of(after));
}

TEST(Acquaintances, who_was_sent_to_is_no_stranger_and_who_answered_is_verified) {
  Acquaintances known(Scope::internet);
  EXPECT_TRUE(known.stranger(kStart, host(1)));
  known.answered(kStart, host(1));
  EXPECT_FALSE(known.verified(kStart, host(1)));  // an answer to nothing
  known.sent(kStart, host(1));
  EXPECT_FALSE(known.stranger(kStart, host(1, 1, 99)));
  EXPECT_FALSE(known.verified(kStart, host(1)));
  known.answered(kStart, host(1));
  EXPECT_TRUE(known.verified(kStart, host(1)));
  EXPECT_FALSE(known.verified(kStart, host(1, 2)));
  EXPECT_FALSE(known.stranger(kStart + kAcquaintedFor - seconds(1), host(1)));
  EXPECT_TRUE(known.stranger(kStart + kAcquaintedFor, host(1)));
  EXPECT_FALSE(known.verified(kStart + kAcquaintedFor, host(1)));
}

TEST(Acquaintances, with_too_many_to_remember_nobody_is_a_stranger) {
  Acquaintances known(Scope::internet);
  for (std::size_t i = 0; i <= kMaxAcquaintances; ++i) {
    known.sent(kStart + milliseconds(static_cast<std::int64_t>(i)),
               Address::v4(20, static_cast<std::uint8_t>(i >> 8 & 0xff),
                           static_cast<std::uint8_t>(i & 0xff), 1, 6881));
  }
  EXPECT_LE(known.size(), kMaxAcquaintances);
  EXPECT_FALSE(known.stranger(kStart + minutes(1), host(200)));
  EXPECT_TRUE(known.stranger(kStart + minutes(16), host(200)));
}

RC_GTEST_PROP(SavedTable, what_is_saved_is_restored, ()) {
  RandomSource random({});
  SavedTable table{NodeId::random(random), {}, {}};
  if (*rc::gen::arbitrary<bool>()) table.external = host(7);
  const auto count = *rc::gen::inRange<std::size_t>(0, kMaxSavedContacts + 1);
  for (std::size_t i = 0; i < count; ++i) {
    Address address = host(static_cast<std::uint8_t>(i));
    if (i % 2 == 0) {
      address.family = Address::Family::ipv6;
      address.ip = random.bytes<16>();
    }
    table.contacts.push_back({NodeId::random(random), address});
  }
  const Bytes blob = encode(table);
  RC_ASSERT(decode_saved_table(blob) == table);
  const auto cut = *rc::gen::inRange<std::size_t>(0, blob.size());
  RC_ASSERT(!decode_saved_table(ByteView(blob).first(cut)));
  Bytes longer = blob;
  longer.push_back({});
  RC_ASSERT(!decode_saved_table(longer));
}

RC_GTEST_PROP(SavedTable, garbage_is_refused_or_is_a_table,
              (const std::vector<std::uint8_t>& any)) {
  Bytes blob = encode(SavedTable{});
  for (const std::uint8_t byte : any) {
    blob[byte % blob.size()] ^= static_cast<std::byte>(byte / 3);
    const auto table = decode_saved_table(blob);
    if (table) RC_ASSERT(encode(*table) == blob);
  }
}

Address host(std::uint8_t network, std::uint8_t number, std::uint16_t port) {
  return Address::v4(20, 1, network, number, port);
}

}  // namespace
}  // namespace kith::dht
