#include "engine/discovery/address_book.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <chrono>

namespace kith {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr Instant kNow{1'000};
constexpr DeviceId kDevice{{std::byte{1}}};

Address at(std::uint8_t host) { return Address::v4(192, 0, 2, host, 4433); }
std::vector<Address> many(std::uint8_t first, std::size_t count);

TEST(AddressBook, gives_what_each_source_says_in_turns) {
  AddressBook book;
  book.learn(kNow, kDevice, AddressSource::dht, {at(30), at(31)});
  book.learn(kNow, kDevice, AddressSource::mdns, {at(20), at(21)});
  book.add(kNow, kDevice, AddressSource::manual, at(10));
  book.learn(kNow, kDevice, AddressSource::connection, {at(1)});
  EXPECT_THAT(book.best(kNow, kDevice, 8),
              ElementsAre(at(1), at(10), at(20), at(30), at(21), at(31)));
  EXPECT_THAT(book.best(kNow, kDevice, 2), ElementsAre(at(1), at(10)));
}

TEST(AddressBook, a_dozen_dead_addresses_of_one_source_never_bury_the_good_one_of_another) {
  AddressBook book;
  book.learn(kNow, kDevice, AddressSource::mdns, many(100, 12));
  book.learn(kNow, kDevice, AddressSource::dht, {at(7)});
  EXPECT_THAT(book.best(kNow, kDevice, 2), ElementsAre(at(100), at(7)));
  EXPECT_EQ(book.of(kNow, kDevice, AddressSource::mdns).size(), AddressBook::kMostOfASource);
}

TEST(AddressBook, what_a_source_says_now_takes_the_place_of_what_it_said) {
  AddressBook book;
  EXPECT_TRUE(book.learn(kNow, kDevice, AddressSource::mdns, {at(1), at(2)}));
  EXPECT_FALSE(book.learn(kNow, kDevice, AddressSource::mdns, {at(2)}));
  EXPECT_THAT(book.best(kNow, kDevice, 8), ElementsAre(at(2)));
  EXPECT_FALSE(book.learn(kNow, kDevice, AddressSource::mdns, {}));
  EXPECT_THAT(book.best(kNow, kDevice, 8), IsEmpty());
  EXPECT_TRUE(book.learn(kNow, kDevice, AddressSource::mdns, {at(2)}));
}

TEST(AddressBook, forgets_in_time_what_had_a_life) {
  AddressBook book;
  book.learn(kNow, kDevice, AddressSource::dht, {at(1)}, hours(2));
  EXPECT_THAT(book.best(kNow + hours(2) - seconds(1), kDevice, 8), ElementsAre(at(1)));
  EXPECT_THAT(book.best(kNow + hours(2), kDevice, 8), IsEmpty());
  EXPECT_TRUE(book.learn(kNow + hours(3), kDevice, AddressSource::dht, {at(1)}, hours(2)));
}

TEST(AddressBook, keeps_the_latest_addresses_that_a_person_gave) {
  AddressBook book;
  for (const Address& address : many(1, 10)) {
    book.add(kNow, kDevice, AddressSource::manual, address);
  }
  book.add(kNow, kDevice, AddressSource::manual, at(5));
  const auto best = book.best(kNow, kDevice, 8);
  EXPECT_EQ(best.size(), 8u);
  EXPECT_EQ(best[0], at(5));
  EXPECT_EQ(best[1], at(10));
}

TEST(AddressBook, the_device_told_of_longest_ago_makes_room) {
  AddressBook book;
  const auto device = [](std::size_t number) {
    DeviceId id;
    id.bytes[0] = static_cast<std::byte>(number >> 8);
    id.bytes[1] = static_cast<std::byte>(number);
    return id;
  };
  for (std::size_t i = 0; i <= AddressBook::kMostDevices; ++i) {
    const Instant now{static_cast<std::int64_t>(i)};
    book.learn(now, device(i), AddressSource::mdns, {at(1)});
  }
  EXPECT_EQ(book.size(), AddressBook::kMostDevices);
  EXPECT_THAT(book.best(kNow, device(0), 8), IsEmpty());
  EXPECT_THAT(book.best(kNow, device(1), 8), ElementsAre(at(1)));
}

// Whatever is told of it, a device has each address once, no more of a source than its share, and
// no dead source among the best.
RC_GTEST_PROP(AddressBook, is_bounded_and_says_nothing_twice, ()) {
  AddressBook book;
  Instant now = kNow;
  for (const auto step :
       *rc::gen::container<std::vector<std::uint16_t>>(rc::gen::arbitrary<std::uint16_t>())) {
    now = now + seconds(step % 97);
    const auto source = static_cast<AddressSource>(step % kAddressSources);
    const auto host = static_cast<std::uint8_t>(step / 7);
    if (step % 3 == 0) {
      book.add(now, kDevice, AddressSource::manual, at(host));
    } else {
      book.learn(now, kDevice, source, many(host, step % 13), seconds(step % 50));
    }
    const auto best = book.best(now, kDevice, 64);
    RC_ASSERT(best.size() <= kAddressSources * AddressBook::kMostOfASource);
    for (std::size_t i = 0; i < best.size(); ++i) {
      RC_ASSERT(std::count(best.begin(), best.end(), best[i]) == 1);
    }
  }
}

std::vector<Address> many(std::uint8_t first, std::size_t count) {
  std::vector<Address> all;
  for (std::size_t i = 0; i < count; ++i) all.push_back(at(static_cast<std::uint8_t>(first + i)));
  return all;
}

}  // namespace
}  // namespace kith
