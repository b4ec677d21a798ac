#include "engine/discovery/dht/routing_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

namespace kith::dht {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::Contains;
using testing::Not;

// An id that shares exactly so many bits with zero, which is our own in these tests.
NodeId id_at(std::size_t shared, std::uint8_t last);
// One in a network of its own, with an id of its own choice: not conforming.
Contact contact(std::size_t shared, std::uint8_t number);
Contact conforming(std::uint8_t number);

constexpr Instant kStart{1'000'000'000'000};
const NodeId kOwn{};

RC_GTEST_PROP(RoutingTable, whatever_happens_its_bounds_hold, ()) {
  RandomSource random({});
  const bool local = *rc::gen::arbitrary<bool>();
  RoutingTable table(NodeId::random(random), local ? Scope::local : Scope::internet);
  Instant now = kStart;
  std::vector<Contact> known;
  const auto steps = *rc::gen::container<std::vector<int>>(300, rc::gen::inRange(0, 1 << 20));
  for (const int step : steps) {
    const auto number = static_cast<std::uint8_t>(step / 16 % 40);
    Address address = Address::v4(static_cast<std::uint8_t>(1 + step % 3), 2,
                                  static_cast<std::uint8_t>(step / 7 % 5), number, 1000);
    NodeId id = id_for(address, number, random);
    if (step % 5 == 0) id = table.own();
    if (step % 5 < 2) id.bytes[19] ^= static_cast<std::byte>(1 + number);
    Contact other{id, address};
    if (step % 11 == 0 && !known.empty())
      other = known[static_cast<std::size_t>(step) % known.size()];
    known.push_back(other);
    now = now + seconds(step % 1000);
    if (step % 16 < 10) table.on_answered(now, other);
    if (step % 16 == 10) table.on_asked(now, other);
    if (step % 16 > 10) table.on_silent(now, other.address);
    if (step % 97 == 0) table.rehome(NodeId::random(random));
    if (step % 89 == 0) table.on_id_changed(other.address);
    table.age(now);
    table.check_invariants();
  }
}

TEST(RoutingTable, the_bucket_around_our_own_id_is_split_and_no_other) {
  RoutingTable table(kOwn, Scope::local);
  std::uint8_t number = 0;
  for (int i = 0; i < 8; ++i) table.on_answered(kStart, contact(0, ++number));
  EXPECT_EQ(table.buckets(), 1U);
  EXPECT_EQ(table.on_answered(kStart, contact(0, ++number)), RoutingTable::Added::cached);
  for (int i = 0; i < 8; ++i) table.on_answered(kStart, contact(5, ++number));
  EXPECT_EQ(table.size(), 16U);
  EXPECT_EQ(table.on_answered(kStart, contact(5, ++number)), RoutingTable::Added::cached);
  EXPECT_EQ(table.on_answered(kStart, contact(9, ++number)), RoutingTable::Added::added);
  EXPECT_EQ(table.size(), 17U);
}

TEST(RoutingTable, one_node_of_an_address_and_two_of_a_network) {
  RoutingTable table(kOwn, Scope::internet);
  const auto at = [](std::uint8_t host, std::uint16_t port, std::uint8_t last) {
    return Contact{id_at(0, last), Address::v4(8, 8, 8, host, port)};
  };
  EXPECT_EQ(table.on_answered(kStart, at(1, 1, 1)), RoutingTable::Added::added);
  EXPECT_EQ(table.on_answered(kStart, at(1, 2, 2)), RoutingTable::Added::refused);
  EXPECT_EQ(table.on_answered(kStart, at(2, 1, 3)), RoutingTable::Added::added);
  EXPECT_EQ(table.on_answered(kStart, at(3, 1, 4)), RoutingTable::Added::refused);
  // Nobody takes over the id of another by giving it.
  EXPECT_EQ(table.on_answered(kStart, {id_at(0, 1), Address::v4(9, 9, 9, 9, 1)}),
            RoutingTable::Added::refused);
  EXPECT_FALSE(table.wants(at(1, 2, 9)));
  EXPECT_EQ(table.size(), 2U);
}

// Two that want each other, and have no room, would ask each other without end.
RC_GTEST_PROP(RoutingTableProperty, who_is_wanted_is_added_and_nobody_else, ()) {
  RoutingTable table(kOwn, Scope::internet);
  const auto count = *rc::gen::inRange(1, 120);
  for (int i = 0; i < count; ++i) {
    const auto bits = *rc::gen::inRange<std::uint8_t>(0, 5);
    const Contact one = contact(bits, static_cast<std::uint8_t>(i + 1));
    const bool wanted = table.wants(one);
    RC_ASSERT((table.on_answered(kStart, one) == RoutingTable::Added::added) == wanted);
    if (*rc::gen::inRange(0, 4) == 0) {
      table.on_silent(kStart, one.address);
      table.on_silent(kStart, one.address);
    }
  }
}

TEST(RoutingTable, a_bad_node_gives_way_and_a_good_one_stays) {
  RoutingTable table(kOwn, Scope::internet);
  for (std::uint8_t i = 1; i <= 8; ++i) table.on_answered(kStart, contact(0, i));
  EXPECT_EQ(table.on_answered(kStart, contact(0, 9)), RoutingTable::Added::cached);
  table.on_silent(kStart, contact(0, 3).address);
  EXPECT_TRUE(table.contains(contact(0, 3)));
  table.on_silent(kStart, contact(0, 3).address);
  EXPECT_FALSE(table.contains(contact(0, 3)));
  EXPECT_TRUE(table.contains(contact(0, 9)));
}

TEST(RoutingTable, a_conforming_node_takes_the_place_of_one_that_is_not) {
  RoutingTable table(kOwn, Scope::internet);
  std::vector<Contact> forged;
  const Contact honest = conforming(77);
  const std::size_t shared = common_bits(honest.id, kOwn);
  for (std::uint8_t i = 1; i <= 8; ++i) {
    forged.push_back(contact(shared, i));
    table.on_answered(kStart, forged.back());
  }
  // Make the bucket one that is not split.
  table.on_answered(kStart, contact(shared + 1, 20));
  EXPECT_EQ(table.on_answered(kStart, honest), RoutingTable::Added::added);
  EXPECT_TRUE(table.contains(honest));
  EXPECT_EQ(table.on_answered(kStart, contact(shared, 21)), RoutingTable::Added::cached);
}

TEST(RoutingTable, conforming_nodes_are_given_out_first_and_silent_ones_last) {
  RoutingTable table(kOwn, Scope::internet);
  const Contact forged = contact(100, 1);
  table.on_answered(kStart, forged);
  std::vector<Contact> honest;
  for (std::uint8_t i = 0; i < 3; ++i) {
    honest.push_back(conforming(static_cast<std::uint8_t>(40 * i + 7)));
    ASSERT_EQ(table.on_answered(kStart, honest.back()), RoutingTable::Added::added);
  }
  EXPECT_THAT(table.closest(forged.id, 3), Not(Contains(forged)));
  EXPECT_THAT(table.closest(forged.id, 4), Contains(forged));
  table.on_silent(kStart + seconds(1), honest[0].address);
  EXPECT_THAT(table.closest(honest[0].id, 3), Not(Contains(honest[0])));
  EXPECT_EQ(table.closest(honest[0].id, 4).back(), honest[0]);
  table.on_silent(kStart + seconds(2), honest[0].address);
  EXPECT_THAT(table.closest(honest[0].id, 4), Not(Contains(honest[0])));
  EXPECT_EQ(table.bad(4), std::vector<Contact>{honest[0]});
}

TEST(RoutingTable, the_closest_are_the_closest_and_of_different_networks) {
  RoutingTable table(kOwn, Scope::internet);
  std::vector<Contact> all;
  for (std::uint8_t i = 0; i < 120; ++i) {
    const Contact each = conforming(i);
    if (table.on_answered(kStart, each) == RoutingTable::Added::added) all.push_back(each);
  }
  const NodeId target = conforming(55).id;
  std::sort(all.begin(), all.end(), [&](const Contact& a, const Contact& b) {
    return distance(a.id, target) < distance(b.id, target);
  });
  all.resize(8);
  EXPECT_EQ(table.closest(target, 8), all);
  const Contact first{id_at(3, 200), Address::v4(9, 9, 9, 1, 1)};
  const Contact second{id_at(3, 201), Address::v4(9, 9, 9, 2, 1)};
  RoutingTable other(kOwn, Scope::internet);
  other.on_answered(kStart, first);
  other.on_answered(kStart, second);
  EXPECT_EQ(other.closest(second.id, 8), std::vector<Contact>{second});
}

TEST(RoutingTable, the_node_to_test_is_the_one_not_heard_of_for_longest) {
  RoutingTable table(kOwn, Scope::internet);
  EXPECT_FALSE(table.stalest(kStart).has_value());
  table.on_answered(kStart + minutes(1), contact(0, 1));
  table.on_answered(kStart, contact(0, 2));
  table.on_answered(kStart + minutes(2), contact(0, 3));
  EXPECT_EQ(table.stalest(kStart + minutes(5)), contact(0, 2));
  EXPECT_FALSE(table.stalest(kStart - seconds(1)).has_value());
  // One that was tested is not tested again before the others.
  table.on_silent(kStart + minutes(3), contact(0, 2).address);
  EXPECT_EQ(table.stalest(kStart + minutes(5)), contact(0, 1));
}

TEST(RoutingTable, another_id_at_an_address_is_another_node) {
  RoutingTable table(kOwn, Scope::internet);
  table.on_answered(kStart, contact(0, 1));
  const Contact reborn{id_at(0, 9), contact(0, 1).address};
  EXPECT_EQ(table.on_answered(kStart, reborn), RoutingTable::Added::added);
  EXPECT_FALSE(table.contains(contact(0, 1)));
  table.on_id_changed(reborn.address);
  EXPECT_EQ(table.size(), 0U);
  EXPECT_EQ(table.on_answered(kStart, {kOwn, reborn.address}), RoutingTable::Added::refused);
}

NodeId id_at(std::size_t shared, std::uint8_t last) {
  NodeId id;
  id.bytes[shared / 8] = static_cast<std::byte>(0x80 >> shared % 8);
  id.bytes[19] |= std::byte{last};
  return id;
}

Contact contact(std::size_t shared, std::uint8_t number) {
  return {id_at(shared, number), Address::v4(8, 1, number, 1, 6881)};
}

Contact conforming(std::uint8_t number) {
  std::array<std::byte, 32> seed{};
  seed[0] = std::byte{number};
  RandomSource random(seed);
  const Address address =
      Address::v4(static_cast<std::uint8_t>(20 + number % 50), number, number, 1, 6881);
  return {id_for(address, number, random), address};
}

}  // namespace
}  // namespace kith::dht
