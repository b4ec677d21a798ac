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
  for (int i = 0; i < 200; ++i) books.receive(response_of({ptr_to("x" + std::to_string(i))}));
  EXPECT_EQ(books.cache.size(), kMaxRecordsPerSource);
  EXPECT_EQ(books.counters.of(Drop::source_quota), 200 - kMaxRecordsPerSource);
  books.receive(announcement_of("honest", 5), Single::neighbour(5));
  EXPECT_TRUE(books.cache.has_instance(instance_name("honest")));
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
