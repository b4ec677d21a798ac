#include "kith/address.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace kith {
namespace {

TEST(Address, it_reads_what_people_write) {
  for (const char* text : {"192.0.2.1:443", "0.0.0.0:0", "[2001:db8::1]:443", "[::]:0",
                           "[::1]:65535", "[1:2:3:4:5:6:7:8]:9", "[1::8]:9", "[fe80::1%7]:9"}) {
    const auto address = Address::parse(text);
    ASSERT_TRUE(address.has_value()) << text;
    EXPECT_EQ(address->to_string(), text);
  }
}

TEST(Address, it_writes_one_form_of_each) {
  EXPECT_EQ(Address::parse("[2001:DB8:0:0:0:0:0:1]:1")->to_string(), "[2001:db8::1]:1");
  EXPECT_EQ(Address::parse("[1:0:0:2:0:0:0:3]:1")->to_string(), "[1:0:0:2::3]:1");
  EXPECT_EQ(Address::parse("[1:0:2:3:4:5:6:7]:1")->to_string(), "[1:0:2:3:4:5:6:7]:1");
  EXPECT_EQ(Address::parse("[::ffff:192.0.2.1]:1")->to_string(), "[::ffff:c000:201]:1");
}

TEST(Address, it_refuses_what_is_none) {
  for (const char* text : {"",
                           ":",
                           "1.2.3.4",
                           "1.2.3.4:",
                           "1.2.3:1",
                           "1.2.3.4.5:1",
                           "1.2.3.256:1",
                           "01.2.3.4:1",
                           "1.2.3.4:65536",
                           "1.2.3.4:-1",
                           "1.2.3.4: 1",
                           "::1:80",
                           "[::1]",
                           "[::1]80",
                           "[:::1]:1",
                           "[1:2:3:4:5:6:7]:1",
                           "[1:2:3:4:5:6:7:8:9]:1",
                           "[1::2::3]:1",
                           "[12345::]:1",
                           "[::1%]:1",
                           "[1:2:3:4:5:6:7::8]:1",
                           "host:80"}) {
    EXPECT_FALSE(Address::parse(text).has_value()) << text;
  }
}

RC_GTEST_PROP(Address, every_address_survives_its_text, ()) {
  Address address;
  const bool v6 = *rc::gen::arbitrary<bool>();
  address.family = v6 ? Address::Family::ipv6 : Address::Family::ipv4;
  for (std::size_t i = 0; i < (v6 ? 16u : 4u); ++i) {
    // Mostly zeros, so that runs of them are met.
    address.ip[i] = static_cast<std::byte>(
        *rc::gen::oneOf(rc::gen::just(0), rc::gen::just(0), rc::gen::inRange(0, 256)));
  }
  address.port = *rc::gen::arbitrary<std::uint16_t>();
  RC_ASSERT(*Address::parse(address.to_string()) == address);
}

}  // namespace
}  // namespace kith
