#include "engine/discovery/dht/node_id.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "engine/base/text.h"

namespace kith::dht {
namespace {

Address address_of(std::string_view text);

struct Vector {
  const char* address;
  std::uint8_t seed;
  const char* first_21_bits;
};

// BEP 42, "Node ID restriction": the table of examples.
constexpr std::array<Vector, 5> kBep42{{
    {"124.31.75.21:1", 1, "5fbfbf"},
    {"21.75.31.124:1", 86, "5a3ce9"},
    {"65.23.51.170:1", 22, "a5d432"},
    {"84.124.73.14:1", 65, "1b0321"},
    {"43.213.53.83:1", 90, "e56f6c"},
}};

TEST(NodeId, the_examples_of_bep_42_hold) {
  RandomSource random({});
  for (const Vector& vector : kBep42) {
    const Bytes expected = from_hex(vector.first_21_bits).value();
    const NodeId id = id_for(address_of(vector.address), vector.seed, random);
    EXPECT_EQ(id.bytes[0], expected[0]) << vector.address;
    EXPECT_EQ(id.bytes[1], expected[1]) << vector.address;
    EXPECT_EQ(id.bytes[2] & std::byte{0xf8}, expected[2] & std::byte{0xf8}) << vector.address;
    EXPECT_EQ(id.bytes[19], std::byte{vector.seed});
    EXPECT_TRUE(conforms(id, address_of(vector.address)));
  }
}

// RFC 3720 appendix B.4.
TEST(NodeId, the_checksum_is_crc32c) {
  EXPECT_EQ(crc32c(Bytes(32, std::byte{0})), 0x8a9136aaU);
  EXPECT_EQ(crc32c(Bytes(32, std::byte{0xff})), 0x62a8ab43U);
}

RC_GTEST_PROP(NodeId, a_conforming_id_conforms_at_no_other_network, ()) {
  RandomSource random(*rc::gen::container<std::array<std::byte, 32>>(
      rc::gen::map(rc::gen::inRange(0, 256), [](int b) { return static_cast<std::byte>(b); })));
  const bool v6 = *rc::gen::arbitrary<bool>();
  Address address = v6 ? address_of("[2a00::1]:1") : address_of("8.0.0.1:1");
  for (std::size_t i = 1; i < 4; ++i) address.ip[i] = random.bytes<1>()[0];
  const auto seed = *rc::gen::arbitrary<std::uint8_t>();
  NodeId id = id_for(address, seed, random);
  RC_ASSERT(conforms(id, address));
  const auto bit = *rc::gen::inRange<std::size_t>(0, 21);
  id.bytes[bit / 8] ^= static_cast<std::byte>(0x80 >> bit % 8);
  RC_ASSERT(!conforms(id, address));
}

RC_GTEST_PROP(NodeId, common_bits_and_distance_agree, ()) {
  RandomSource random({});
  const NodeId a = NodeId::random(random);
  NodeId b = a;
  const auto bit = *rc::gen::inRange<std::size_t>(0, kIdBits);
  b.bytes[bit / 8] ^= static_cast<std::byte>(0x80 >> bit % 8);
  RC_ASSERT(common_bits(a, b) == bit);
  RC_ASSERT(common_bits(a, a) == kIdBits);
  RC_ASSERT(common_bits(distance(a, b), NodeId{}) == bit);
}

TEST(NodeId, local_and_reserved_addresses_are_not_global) {
  for (const char* local : {"10.1.2.3:1",         "127.0.0.1:1",    "192.168.1.1:1",
                            "172.16.0.1:1",       "172.31.0.1:1",   "0.0.0.0:1",
                            "169.254.1.1:1",      "224.0.0.1:1",    "255.255.255.255:1",
                            "100.64.0.1:1",       "192.0.2.1:1",    "198.18.0.1:1",
                            "198.51.100.7:1",     "203.0.113.9:1",  "[::1]:1",
                            "[fe80::1]:1",        "[fc00::1]:1",    "[ff02::1]:1",
                            "[::ffff:8.8.8.8]:1", "[2001:db8::1]:1"}) {
    EXPECT_FALSE(is_global(address_of(local))) << local;
    EXPECT_TRUE(conforms({}, address_of(local))) << local;
  }
  for (const char* global : {"8.8.8.8:1", "172.32.0.1:1", "172.15.0.1:1", "100.128.0.1:1",
                             "192.0.1.1:1", "[2a00::1]:1", "[2001:db9::1]:1"}) {
    EXPECT_TRUE(is_global(address_of(global))) << global;
  }
}

TEST(NodeId, a_prefix_is_the_network_and_a_host_has_no_port) {
  EXPECT_EQ(prefix_of(address_of("8.8.8.1:1")), prefix_of(address_of("8.8.8.9:2")));
  EXPECT_NE(prefix_of(address_of("8.8.8.1:1")), prefix_of(address_of("8.8.9.1:1")));
  EXPECT_EQ(prefix_of(address_of("[2a00::1]:1")), prefix_of(address_of("[2a00::f:0:0:2]:1")));
  EXPECT_NE(prefix_of(address_of("[2a00::1]:1")), prefix_of(address_of("[2a00:0:0:1::1]:1")));
  EXPECT_EQ(host_of(address_of("8.8.8.1:1")), host_of(address_of("8.8.8.1:2")));
}

Address address_of(std::string_view text) { return Address::parse(text).value(); }

}  // namespace
}  // namespace kith::dht
