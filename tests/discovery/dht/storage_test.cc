#include "engine/discovery/dht/storage.h"

#include <gtest/gtest.h>

#include <string>

namespace kith::dht {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr Instant kStart{1'000'000'000'000};
const Address kFrom = Address::v4(8, 8, 8, 8, 6881);

KeyPair key_of(std::uint8_t number);
PutMutable put_of(const KeyPair& key, std::int64_t seq, std::string_view text,
                  std::optional<std::int64_t> cas = std::nullopt);
PutImmutable value_of(std::size_t number);
Address network(std::size_t number);

TEST(Storage, only_a_later_item_replaces_one) {
  Storage storage{NodeId{}};
  const KeyPair key = key_of(1);
  const NodeId target = mutable_target(key.id(), {});
  EXPECT_EQ(storage.put(kStart, kFrom, put_of(key, 5, "five")), std::nullopt);
  EXPECT_EQ(storage.put(kStart, kFrom, put_of(key, 4, "four")), ErrorNumber::seq_too_old);
  EXPECT_EQ(storage.put(kStart, kFrom, put_of(key, 5, "else")), ErrorNumber::seq_too_old);
  EXPECT_EQ(storage.find(kStart, target)->value, string_value(as_byte_view("five")));
  EXPECT_EQ(storage.put(kStart, kFrom, put_of(key, 6, "six")), std::nullopt);
  EXPECT_EQ(storage.find(kStart, target)->signed_by->seq, 6);
  EXPECT_EQ(storage.size(), 1U);
}

TEST(Storage, cas_must_name_what_is_kept) {
  Storage storage{NodeId{}};
  const KeyPair key = key_of(1);
  EXPECT_EQ(storage.put(kStart, kFrom, put_of(key, 5, "five", 99)), std::nullopt);
  EXPECT_EQ(storage.put(kStart, kFrom, put_of(key, 7, "seven", 4)), ErrorNumber::cas_mismatch);
  EXPECT_EQ(storage.put(kStart, kFrom, put_of(key, 7, "seven", 5)), std::nullopt);
}

TEST(Storage, nothing_unsigned_is_kept) {
  Storage storage{NodeId{}};
  PutMutable put = put_of(key_of(1), 5, "five");
  put.item.seq = 6;
  EXPECT_EQ(storage.put(kStart, kFrom, put), ErrorNumber::bad_signature);
  put = put_of(key_of(1), 5, "five");
  put.item.key = key_of(2).id();
  EXPECT_EQ(storage.put(kStart, kFrom, put), ErrorNumber::bad_signature);
  put = put_of(key_of(1), 5, "five");
  put.item.salt = Bytes(65);
  EXPECT_EQ(storage.put(kStart, kFrom, put), ErrorNumber::salt_too_big);
  put = put_of(key_of(1), 5, "five");
  put.item.value = Bytes(1001);
  EXPECT_EQ(storage.put(kStart, kFrom, put), ErrorNumber::value_too_big);
  EXPECT_EQ(storage.put(kStart, kFrom, PutImmutable{{}, Bytes(1001)}), ErrorNumber::value_too_big);
  EXPECT_EQ(storage.size(), 0U);
}

TEST(Storage, items_live_two_hours_from_when_they_were_last_put) {
  Storage storage{NodeId{}};
  const KeyPair key = key_of(1);
  const NodeId target = mutable_target(key.id(), {});
  storage.put(kStart, kFrom, put_of(key, 5, "five"));
  storage.put(kStart + minutes(60), kFrom, put_of(key, 5, "five"));
  EXPECT_NE(storage.find(kStart + minutes(180) - seconds(1), target), nullptr);
  EXPECT_EQ(storage.find(kStart + minutes(180), target), nullptr);
  storage.expire(kStart + minutes(180));
  EXPECT_EQ(storage.size(), 0U);
  // What has gone does not count against a lower number.
  EXPECT_EQ(storage.put(kStart + minutes(180), kFrom, put_of(key, 1, "one")), std::nullopt);
}

TEST(Storage, a_network_fills_only_its_part) {
  Storage storage{NodeId{}};
  for (std::size_t i = 0; i < kItemsPerPrefix; ++i) {
    EXPECT_EQ(storage.put(kStart, kFrom, value_of(i)), std::nullopt);
  }
  EXPECT_EQ(storage.put(kStart, kFrom, value_of(1000)), ErrorNumber::server);
  EXPECT_EQ(storage.put(kStart, network(1), value_of(1000)), std::nullopt);
  EXPECT_EQ(storage.put(kStart, kFrom, value_of(0)), std::nullopt);
  EXPECT_EQ(storage.put(kStart + kItemLife, kFrom, value_of(2000)), std::nullopt);
}

TEST(Storage, where_there_is_no_room_the_farthest_goes) {
  Storage storage{NodeId{}};
  NodeId farthest;
  for (std::size_t i = 0; i < kMaxItems; ++i) {
    const PutImmutable put = value_of(i);
    farthest = std::max(farthest, immutable_target(put.value));
    EXPECT_EQ(storage.put(kStart, network(i / 32), put), std::nullopt);
  }
  // Whatever comes, the farther one of it and what is kept is not.
  std::size_t refused = 0;
  for (std::size_t i = kMaxItems; i < kMaxItems + 200; ++i) {
    const PutImmutable put = value_of(i);
    const NodeId target = immutable_target(put.value);
    const bool nearer = target < farthest;
    const auto outcome = storage.put(kStart, network(1000 + i / 32), put);
    EXPECT_EQ(outcome.has_value(), !nearer);
    if (!nearer) ++refused;
    EXPECT_EQ(storage.size(), kMaxItems);
    if (!nearer) continue;
    EXPECT_EQ(storage.find(kStart, farthest), nullptr);
    farthest = NodeId{};
    for (std::size_t j = 0; j <= i; ++j) {
      const NodeId each = immutable_target(value_of(j).value);
      if (storage.find(kStart, each) != nullptr) farthest = std::max(farthest, each);
    }
    if (i > kMaxItems + 20) break;  // the scan above is the slow part
  }
  EXPECT_LE(storage.value_bytes(), kMaxItems * kMaxValueBytes);
}

KeyPair key_of(std::uint8_t number) {
  std::array<std::byte, 32> seed{};
  seed[0] = std::byte{number};
  RandomSource random(seed);
  return KeyPair::random(random);
}

PutMutable put_of(const KeyPair& key, std::int64_t seq, std::string_view text,
                  std::optional<std::int64_t> cas) {
  return {{}, sign_item(key, {}, seq, string_value(as_byte_view(text))), cas};
}

PutImmutable value_of(std::size_t number) {
  return {{}, string_value(as_byte_view(std::to_string(number)))};
}

Address network(std::size_t number) {
  return Address::v4(9, static_cast<std::uint8_t>(number >> 8 & 0xff),
                     static_cast<std::uint8_t>(number & 0xff), 1, 6881);
}

}  // namespace
}  // namespace kith::dht
