#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

#include "engine/base/byte_reader.h"
#include "engine/base/byte_writer.h"
#include "engine/base/text.h"

namespace kith {
namespace {

Bytes hex(std::string_view digits);
std::uint64_t any_varint();

TEST(ByteWriter, integers_are_in_network_order) {
  ByteWriter writer;
  writer.u8(0x01).u16(0x0203).u32(0x04050607).u64(0x08090a0b0c0d0e0f);
  EXPECT_EQ(to_hex(writer.view()), "0102030405060708090a0b0c0d0e0f");
}

// RFC 9000 appendix A.1.
TEST(Varint, the_samples_of_rfc_9000_are_read) {
  const std::vector<std::pair<std::string, std::uint64_t>> samples{
      {"c2197c5eff14e88c", 151288809941952652},
      {"9d7f3e7d", 494878333},
      {"7bbd", 15293},
      {"25", 37},
      {"4025", 37},
  };
  for (const auto& [encoded, value] : samples) {
    const Bytes bytes = hex(encoded);
    ByteReader reader(bytes);
    EXPECT_EQ(reader.varint(), value) << encoded;
    EXPECT_TRUE(reader.empty());
  }
}

TEST(Varint, each_width_starts_where_the_one_before_ends) {
  const std::vector<std::pair<std::uint64_t, std::string>> edges{
      {0, "00"},
      {63, "3f"},
      {64, "4040"},
      {16383, "7fff"},
      {16384, "80004000"},
      {1073741823, "bfffffff"},
      {1073741824, "c000000040000000"},
      {kMaxVarint, "ffffffffffffffff"},
  };
  for (const auto& [value, encoded] : edges) {
    ByteWriter writer;
    writer.varint(value);
    EXPECT_EQ(to_hex(writer.view()), encoded) << value;
    ByteReader reader(writer.view());
    EXPECT_EQ(reader.varint(), value);
  }
}

TEST(VarintDeathTest, a_value_that_does_not_fit_is_a_programmer_error) {
  EXPECT_DEATH(ByteWriter().varint(kMaxVarint + 1), "KITH_CHECK");
}

TEST(ByteReader, a_read_past_the_end_gives_nothing_and_takes_nothing) {
  const Bytes bytes = hex("c0ffee");
  ByteReader reader(bytes);
  EXPECT_EQ(reader.u32(), std::nullopt);
  EXPECT_EQ(reader.u64(), std::nullopt);
  EXPECT_EQ(reader.varint(), std::nullopt);
  EXPECT_FALSE(reader.bytes(4).has_value());
  EXPECT_EQ(reader.remaining(), 3u);
  EXPECT_EQ(reader.u16(), 0xc0ff);
  EXPECT_EQ(reader.u8(), 0xee);
  EXPECT_EQ(reader.u8(), std::nullopt);
  EXPECT_TRUE(reader.bytes(0).has_value());
}

TEST(ByteReader, a_length_longer_than_the_message_takes_nothing) {
  for (const char* digits : {"", "05aabbccdd", "40", "ffffffffffffffffaa"}) {
    const Bytes bytes = hex(digits);
    ByteReader reader(bytes);
    EXPECT_FALSE(reader.length_prefixed().has_value()) << digits;
    EXPECT_EQ(reader.remaining(), bytes.size());
  }
}

TEST(ByteReader, what_is_left_can_be_viewed) {
  const Bytes bytes = hex("0102aabb");
  ByteReader reader(bytes);
  ASSERT_EQ(reader.u16(), 0x0102);
  EXPECT_EQ(to_hex(reader.rest()), "aabb");
}

RC_GTEST_PROP(ByteWriter, what_is_written_is_read_back, ()) {
  const auto a = *rc::gen::arbitrary<std::uint8_t>();
  const auto b = *rc::gen::arbitrary<std::uint16_t>();
  const auto c = *rc::gen::arbitrary<std::uint32_t>();
  const auto d = *rc::gen::arbitrary<std::uint64_t>();
  const auto e = any_varint();
  const auto text = *rc::gen::arbitrary<std::string>();
  ByteWriter writer;
  writer.length_prefixed(as_byte_view(text)).u64(d).varint(e).u32(c).u16(b).u8(a);

  const Bytes message = std::move(writer).take();
  ByteReader reader(message);
  const auto read_text = reader.length_prefixed();
  RC_ASSERT(read_text.has_value());
  RC_ASSERT(as_text(*read_text) == text);
  RC_ASSERT(reader.u64() == d);
  RC_ASSERT(reader.varint() == e);
  RC_ASSERT(reader.u32() == c);
  RC_ASSERT(reader.u16() == b);
  RC_ASSERT(reader.u8() == a);
  RC_ASSERT(reader.empty());
}

RC_GTEST_PROP(ByteReader, a_cut_message_never_yields_its_last_field, ()) {
  const auto text = *rc::gen::nonEmpty(rc::gen::arbitrary<std::string>());
  ByteWriter writer;
  writer.length_prefixed(as_byte_view(text));
  const auto kept = *rc::gen::inRange<std::size_t>(0, writer.size());
  ByteReader reader(writer.view().first(kept));
  RC_ASSERT(!reader.length_prefixed().has_value());
  RC_ASSERT(reader.remaining() == kept);
}

Bytes hex(std::string_view digits) { return from_hex(digits).value(); }

// Every width equally often.
std::uint64_t any_varint() {
  const auto bits = *rc::gen::element(6, 14, 30, 62);
  return *rc::gen::arbitrary<std::uint64_t>() & ((std::uint64_t{1} << bits) - 1);
}

}  // namespace
}  // namespace kith
