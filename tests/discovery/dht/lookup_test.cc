#include "engine/discovery/dht/lookup.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <set>

namespace kith::dht {
namespace {

NodeId near_zero(std::uint8_t distance);
// In a network of its own. Local addresses conform with every id.
Contact local(std::uint8_t number);
Contact conforming(std::uint8_t number);

const NodeId kTarget{};

TEST(Lookup, three_are_asked_at_once_and_a_slow_one_makes_room) {
  Lookup lookup(kTarget, Scope::local);
  for (std::uint8_t i = 1; i <= 6; ++i) lookup.add(local(i));
  std::vector<Address> asked;
  while (const auto next = lookup.next()) asked.push_back(next->address);
  EXPECT_EQ(asked, (std::vector{local(1).address, local(2).address, local(3).address}));
  lookup.on_slow(local(2).address);
  EXPECT_EQ(lookup.next()->address, local(4).address);
  EXPECT_FALSE(lookup.next().has_value());
  lookup.on_answered(local(1), {}, {});
  EXPECT_EQ(lookup.next()->address, local(5).address);
}

TEST(Lookup, it_ends_when_the_nearest_eight_have_answered) {
  Lookup lookup(kTarget, Scope::local);
  for (std::uint8_t i = 1; i <= 12; ++i) lookup.add(local(i));
  std::size_t asked = 0;
  while (const auto next = lookup.next()) {
    ++asked;
    EXPECT_FALSE(lookup.over());
    // The third is silent, so the ninth is needed.
    if (next->address == local(3).address) {
      lookup.on_failed(next->address);
    } else {
      lookup.on_answered({*next->id, next->address}, {}, {});
    }
  }
  EXPECT_TRUE(lookup.over());
  EXPECT_EQ(asked, 9U);
  EXPECT_EQ(lookup.closest().size(), 8U);
  EXPECT_EQ(lookup.closest().back(), local(9));
}

TEST(Lookup, slow_ones_are_waited_for_only_where_there_are_not_enough_others) {
  Lookup lookup(kTarget, Scope::local, 2);
  for (std::uint8_t i = 1; i <= 3; ++i) lookup.add(local(i));
  for (int i = 0; i < 2; ++i) lookup.next();
  lookup.on_slow(local(1).address);
  lookup.on_answered(local(2), {}, {});
  EXPECT_FALSE(lookup.over());
  EXPECT_EQ(lookup.next()->address, local(3).address);
  lookup.on_slow(local(3).address);
  EXPECT_FALSE(lookup.over());
  lookup.on_answered(local(3), {}, {});
  EXPECT_TRUE(lookup.over());
}

TEST(Lookup, ids_that_do_not_follow_their_address_come_last_however_near) {
  Lookup lookup(kTarget, Scope::internet);
  std::vector<Contact> honest;
  for (std::uint8_t i = 1; i <= 9; ++i) honest.push_back(conforming(i));
  for (std::uint8_t i = 1; i <= 20; ++i) {
    lookup.add({near_zero(i), Address::v4(60, 1, i, 1, 6881)});
  }
  for (const Contact& each : honest) lookup.add(each);
  while (const auto next = lookup.next()) {
    lookup.on_answered({*next->id, next->address}, {}, {});
  }
  for (const Contact& each : lookup.closest()) EXPECT_TRUE(conforms(each.id, each.address));
  EXPECT_EQ(lookup.closest().size(), kClosest);
}

TEST(Lookup, ids_that_do_not_follow_their_address_are_used_where_there_are_no_others) {
  Lookup lookup(kTarget, Scope::internet);
  const Contact honest = conforming(1);
  lookup.add({near_zero(1), Address::v4(60, 1, 1, 1, 6881)});
  lookup.add(honest);
  while (const auto next = lookup.next()) {
    lookup.on_answered({*next->id, next->address}, {}, {});
  }
  ASSERT_EQ(lookup.closest().size(), 2U);
  EXPECT_EQ(lookup.closest()[0], honest);
}

TEST(Lookup, one_network_has_one_candidate) {
  Lookup lookup(kTarget, Scope::internet);
  for (std::uint8_t i = 1; i <= 50; ++i) {
    lookup.add({near_zero(i), Address::v4(60, 1, 1, i, 6881)});
  }
  EXPECT_EQ(lookup.size(), 1U);
}

TEST(Lookup, a_host_without_an_id_is_asked_first_and_takes_its_place) {
  Lookup lookup(kTarget, Scope::local);
  lookup.add(local(1));
  lookup.add_host(local(9).address);
  const auto first = lookup.next();
  EXPECT_FALSE(first->id.has_value());
  EXPECT_EQ(lookup.on_answered(local(9), {}, {local(2)}), 1U);
  while (const auto next = lookup.next()) {
    EXPECT_EQ(lookup.on_answered({*next->id, next->address}, {}, {}),
              next->address == local(2).address ? 2U : 1U);
  }
  EXPECT_EQ(lookup.closest(), (std::vector{local(1), local(2), local(9)}));
}

TEST(Lookup, only_who_gave_a_token_is_sent_something_to_store_and_once) {
  Lookup lookup(kTarget, Scope::local);
  lookup.add(local(1));
  lookup.add(local(2));
  lookup.next();
  lookup.next();
  const Bytes token(8);
  lookup.on_answered(local(1), {}, {});
  lookup.on_answered(local(2), token, {});
  EXPECT_EQ(lookup.next_to_store()->address, local(2).address);
  EXPECT_FALSE(lookup.next_to_store().has_value());
}

// Every answer names nodes that are nearer still, and none of them is at an end.
TEST(Lookup, who_leads_in_circles_is_followed_only_so_far) {
  Lookup lookup(kTarget, Scope::local);
  std::uint32_t last = 0xffffff;
  const auto nearer = [&] {
    NodeId id;
    --last;
    for (std::size_t i = 0; i < 3; ++i)
      id.bytes[i] = static_cast<std::byte>(last >> (16 - 8 * i) & 0xff);
    return Contact{id, Address::v4(10, static_cast<std::uint8_t>(last >> 8 & 0xff),
                                   static_cast<std::uint8_t>(last & 0xff), 1, 6881)};
  };
  lookup.add(nearer());
  std::size_t asked = 0;
  while (const auto next = lookup.next()) {
    ++asked;
    std::vector<Contact> more;
    for (int i = 0; i < 8; ++i) more.push_back(nearer());
    lookup.on_answered({*next->id, next->address}, {}, more);
    EXPECT_LE(lookup.size(), kMaxCandidates);
  }
  EXPECT_EQ(asked, kMaxAsked);
  EXPECT_TRUE(lookup.over());
}

RC_GTEST_PROP(Lookup, it_ends_whatever_its_candidates_do, ()) {
  Lookup lookup(kTarget, Scope::local);
  lookup.add(local(*rc::gen::inRange<std::uint8_t>(0, 255)));
  std::vector<Address> out;
  std::set<Address> slow;
  for (int step = 0; step < 2000 && !lookup.over(); ++step) {
    while (const auto next = lookup.next()) out.push_back(next->address);
    RC_ASSERT(!out.empty());
    const auto index = *rc::gen::inRange<std::size_t>(0, out.size());
    const Address address = out[index];
    const Contact from = local(std::to_integer<std::uint8_t>(address.ip[2]));
    // Slow at most once: after that it has answered or it has not.
    const bool may_be_slow = slow.insert(address).second;
    switch (*rc::gen::inRange(may_be_slow ? 0 : 1, 3)) {
      case 0:
        lookup.on_slow(address);
        break;
      case 1:
        lookup.on_failed(address);
        out.erase(out.begin() + static_cast<std::ptrdiff_t>(index));
        break;
      default: {
        std::vector<Contact> contacts;
        for (const auto number : *rc::gen::container<std::vector<std::uint8_t>>(
                 8, rc::gen::arbitrary<std::uint8_t>())) {
          contacts.push_back(local(number));
        }
        lookup.on_answered(from, {}, contacts);
        out.erase(out.begin() + static_cast<std::ptrdiff_t>(index));
      }
    }
  }
  RC_ASSERT(lookup.over());
  const auto closest = lookup.closest();
  RC_ASSERT(std::is_sorted(closest.begin(), closest.end(),
                           [](const auto& a, const auto& b) { return a.id < b.id; }));
}

NodeId near_zero(std::uint8_t distance) {
  NodeId id;
  id.bytes[10] = std::byte{distance};
  return id;
}

Contact local(std::uint8_t number) {
  return {near_zero(number), Address::v4(10, 0, number, 1, 6881)};
}

Contact conforming(std::uint8_t number) {
  RandomSource random({});
  const Address address = Address::v4(static_cast<std::uint8_t>(20 + number), number, 7, 1, 6881);
  return {id_for(address, number, random), address};
}

}  // namespace
}  // namespace kith::dht
