#include "engine/discovery/mdns/cache.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "engine/discovery/mdns/limits.h"
#include "tests/discovery/mdns/single.h"

namespace kith::mdns {
namespace {

struct Books {
  Names names;
  Counters counters;
  Cache cache{names, counters, random_of(1)};
  Instant now = kStart;

  void receive(const dns::Message& message, const Address& source = Single::neighbour()) {
    cache.receive(now, message, source, {});
  }
  void tick() { now = now + milliseconds(10); }
  // So many names that nobody has, each in a message of its own.
  void flood(std::size_t count, std::size_t first = 0) {
    for (std::size_t i = first; i < first + count; ++i) {
      tick();
      receive(response_of({ptr_to("x" + std::to_string(i))}));
    }
    tick();
  }
  void announce_twice(const std::string& label, std::uint8_t last) {
    receive(announcement_of(label, last));
    now = now + kAnnounceInterval;
    receive(announcement_of(label, last));
  }
  bool is_whole(const std::string& label, std::uint8_t last) const {
    const dns::Name host = dns::Name::of("h" + std::to_string(last) + ".local");
    return cache.has_instance(instance_name(label)) &&
           cache.find(instance_name(label), dns::Type::srv).size() == 1 &&
           cache.find(instance_name(label), dns::Type::txt).size() == 1 &&
           cache.find(host, dns::Type::a).size() == 1;
  }
};

TEST(MdnsCache, only_what_an_instance_leads_to_is_kept) {
  Books books;
  const dns::Name host = dns::Name::of("h.local");
  dns::Record printer = ptr_to("p");
  printer.name = dns::Name::of("_ipp._tcp.local");
  dns::Record deep = ptr_to("x");
  deep.data = dns::Ptr{dns::Name::of("a.b._kith._udp.local")};
  dns::Record itself = ptr_to("x");
  itself.data = dns::Ptr{kService};
  dns::Record chaos = ptr_to("x");
  chaos.record_class = 3;
  dns::Record loopback = a_record(host, 1);
  loopback.data = dns::A{{std::byte{127}, std::byte{0}, std::byte{0}, std::byte{1}}};
  books.receive(response_of(
      {printer, deep, itself, chaos, srv_of("x", host), txt_of("x"), a_record(host, 1)}));
  EXPECT_EQ(books.cache.size(), 0u);
  EXPECT_EQ(books.counters.of(Drop::not_wanted), 7u);
  books.receive(response_of({ptr_to("x"), srv_of("x", host), loopback}));
  EXPECT_EQ(books.cache.size(), 2u);
}

TEST(MdnsCache, what_an_instance_led_to_goes_with_it) {
  Books books;
  books.receive(announcement_of("a", 7));
  books.receive(announcement_of("b", 7));
  EXPECT_EQ(books.cache.size(), 7u);
  books.receive(response_of({ptr_to("a", 0)}));
  books.now = books.now + seconds(1);
  books.cache.run(books.now);
  EXPECT_EQ(books.cache.size(), 4u);
  books.receive(response_of({srv_of("b", dns::Name::of("h7.local"), 4242, 0)}));
  books.now = books.now + seconds(1);
  books.cache.run(books.now);
  // The address of the host was of nobody else.
  EXPECT_EQ(books.cache.size(), 2u);
}

TEST(MdnsCache, nobody_is_believed_for_longer_than_the_longest_ttl) {
  Books books;
  books.receive(response_of({ptr_to("a", 0xFFFFFFFF)}));
  books.now = books.now + seconds(kMaxTtl);
  books.cache.run(books.now);
  EXPECT_EQ(books.cache.size(), 0u);
}

TEST(MdnsCache, one_source_has_a_share_only) {
  Books books;
  books.receive(announcement_of("before", 5), Single::neighbour(5));
  books.flood(200);
  EXPECT_EQ(books.cache.size(), kMaxRecordsPerSource + 4);
  EXPECT_EQ(books.counters.of(Drop::source_quota), 200 - kMaxRecordsPerSource);
  books.receive(announcement_of("after", 6), Single::neighbour(6));
  EXPECT_TRUE(books.is_whole("before", 5));
  EXPECT_TRUE(books.is_whole("after", 6));
}

TEST(MdnsCache, in_a_full_share_what_was_heard_of_least_recently_gives_way) {
  Books books;
  books.flood(100);
  EXPECT_FALSE(books.cache.has_instance(instance_name("x35")));
  EXPECT_TRUE(books.cache.has_instance(instance_name("x36")));
  EXPECT_TRUE(books.cache.has_instance(instance_name("x99")));
  EXPECT_TRUE(books.cache.take_gave_way());
  EXPECT_FALSE(books.cache.take_gave_way());
}

TEST(MdnsCache, whose_address_was_flooded_is_heard_at_once_when_it_ends) {
  Books books;
  for (std::size_t i = 0; i < 3; ++i) {
    books.flood(100, 100 * i);
    books.receive(announcement_of("real", 5));
    EXPECT_TRUE(books.is_whole("real", 5)) << i;
  }
}

TEST(MdnsCache, a_flood_of_new_names_leaves_what_was_announced_twice) {
  Books books;
  books.announce_twice("real", 5);
  books.flood(1000);
  EXPECT_TRUE(books.is_whole("real", 5));
  EXPECT_EQ(books.cache.size(), kMaxRecordsPerSource);
}

TEST(MdnsCache, a_flood_of_names_said_twice_leaves_room_for_new_ones) {
  Books books;
  books.flood(64);
  books.flood(64);
  for (int i = 0; i < 8; ++i) books.receive(announcement_of("new" + std::to_string(i), 5));
  for (int i = 0; i < 8; ++i) {
    EXPECT_TRUE(books.is_whole("new" + std::to_string(i), 5)) << i;
  }
  EXPECT_TRUE(books.cache.has_instance(instance_name("x63")));
}

TEST(MdnsCache, what_hung_on_what_gave_way_goes_with_it) {
  Books books;
  books.receive(announcement_of("first", 7));
  books.flood(kMaxRecordsPerSource - 4);
  ASSERT_EQ(books.cache.size(), kMaxRecordsPerSource);
  books.receive(response_of({ptr_to("last")}));
  EXPECT_EQ(books.cache.size(), kMaxRecordsPerSource - 3);
  EXPECT_TRUE(books.cache.find(instance_name("first"), dns::Type::srv).empty());
  EXPECT_TRUE(books.cache.find(dns::Name::of("h7.local"), dns::Type::a).empty());
}

// With only itself to give way, what a record hangs on goes, and then it leads nowhere.
TEST(MdnsCache, an_instance_that_takes_its_whole_share_does_not_outlive_its_beginning) {
  Books books;
  books.receive(response_of({ptr_to("x")}));
  for (std::size_t i = 0; i < 2 * kMaxRecordsPerSource; ++i) {
    books.tick();
    dns::Record other = txt_of("x", "n=" + std::to_string(i));
    other.cache_flush = false;
    books.receive(response_of({other}));
  }
  EXPECT_EQ(books.cache.size(), 0u);
}

TEST(MdnsCache, a_host_with_a_name_of_another_kind_is_not_kept) {
  Books books;
  for (const dns::Name& host : {kService, instance_name("x"), instance_name("y")}) {
    books.receive(response_of({ptr_to("x"), srv_of("x", host), a_record(host, 5)}));
    EXPECT_TRUE(books.cache.find(host, dns::Type::a).empty());
  }
  books.receive(response_of({ptr_to("z"), ptr_to("x", 0)}));
  books.now = books.now + kGrace;
  books.cache.run(books.now);
  EXPECT_EQ(books.cache.size(), 1u);
}

TEST(MdnsCache, many_sources_cannot_crowd_out_the_one_that_takes_little) {
  Books books;
  books.receive(announcement_of("before", 5), Single::neighbour(5));
  for (int i = 0; i < 6000; ++i) {
    const Address liar = Address::v4(10, 0, 9, static_cast<std::uint8_t>(i % 80), 5353);
    books.receive(response_of({ptr_to("x" + std::to_string(i))}), liar);
  }
  EXPECT_LE(books.cache.size(), kMaxRecordsPerInterface);
  books.receive(announcement_of("after", 6), Single::neighbour(6));
  for (const char* label : {"before", "after"}) {
    EXPECT_TRUE(books.cache.has_instance(instance_name(label))) << label;
    EXPECT_EQ(books.cache.find(instance_name(label), dns::Type::srv).size(), 1u) << label;
  }
  EXPECT_LE(books.cache.size(), kMaxRecordsPerInterface);
}

// Whatever comes in whatever order: what hangs on nothing is gone, and the books are right.
RC_GTEST_PROP(MdnsCache, every_record_hangs_on_an_instance, ()) {
  Books books;
  const auto label = [] { return std::string(1, *rc::gen::inRange('a', 'e')); };
  const auto host = [] {
    return dns::Name::of("h" + std::to_string(*rc::gen::inRange(0, 3)) + ".local");
  };
  std::size_t shown = 0;
  for (int i = *rc::gen::inRange(0, 60); i > 0; --i) {
    const std::uint32_t ttl = *rc::gen::elementOf(std::vector<std::uint32_t>{0, 1, 120, 4500});
    const auto last = *rc::gen::inRange<std::uint8_t>(1, 4);
    dns::Record each;
    switch (*rc::gen::inRange(0, 4)) {
      case 0:
        each = ptr_to(label(), ttl);
        break;
      case 1:
        each = srv_of(label(), host(), 1, ttl);
        break;
      case 2:
        each = txt_of(label(), "v=1", ttl);
        break;
      default:
        each = a_record(host(), last, ttl);
    }
    books.receive(response_of({each}), Single::neighbour(last));
    books.now = books.now + milliseconds(*rc::gen::inRange(0, 2000));
    books.cache.run(books.now);
    shown = 0;
    std::set<dns::Name> hosts;
    for (const CacheEntry* ptr : books.cache.find(kService, dns::Type::ptr)) {
      const dns::Name instance = std::get<dns::Ptr>(ptr->record.data).target;
      shown += 1 + books.cache.find(instance, dns::Type::txt).size();
      for (const CacheEntry* srv : books.cache.find(instance, dns::Type::srv)) {
        ++shown;
        hosts.insert(std::get<dns::Srv>(srv->record.data).target);
      }
      RC_ASSERT(ptr->expires > books.now);
    }
    for (const dns::Name& name : hosts) shown += books.cache.find(name, dns::Type::a).size();
    RC_ASSERT(shown == books.cache.size());
    RC_ASSERT(books.cache.next() > books.now);
  }
}

}  // namespace
}  // namespace kith::mdns
