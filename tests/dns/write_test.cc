#include "engine/dns/write.h"

#include <gtest/gtest.h>

#include "engine/dns/parse.h"
#include "tests/dns/message_bytes.h"

namespace kith::dns {
namespace {

Record srv_record() {
  Record record;
  record.name = Name::of("me._kith._udp.local");
  record.ttl = 120;
  record.data = Srv{0, 0, 9, Name::of("host.local")};
  return record;
}

TEST(DnsWrite, the_header_has_its_bits_where_rfc_1035_has_them) {
  Message message;
  message.header = {0x1234, true, 5, true, true, true, true, 2, 3};
  EXPECT_EQ(as_text(*write(message)), u16_of(0x1234) + u16_of(0xAFA3) + std::string(8, '\0'));
}

TEST(DnsWrite, a_name_is_written_once_and_pointed_at_afterwards) {
  Message message;
  message.questions = {{Name::of("_kith._udp.local"), Type::ptr, kClassIn, false}};
  Record ptr;
  ptr.name = Name::of("_kith._udp.local");
  ptr.ttl = 4500;
  ptr.data = Ptr{Name::of("me._kith._udp.local")};
  message.answers = {ptr};
  EXPECT_EQ(as_text(*write(message)), header_of(1, 1) + std::string("\5_kith\4_udp\5local\0", 18) +
                                          u16_of(12) + u16_of(1) + bytes_of({0xC0, 12}) +
                                          u16_of(12) + u16_of(1) + u16_of(0) + u16_of(4500) +
                                          u16_of(5) + "\2me" + bytes_of({0xC0, 12}));
}

// RFC 6762 section 18.14, and RFC 2782 for everyone else.
TEST(DnsWrite, the_target_of_srv_is_compressed_for_multicast_alone) {
  Message message;
  message.answers = {srv_record()};
  const auto multicast = write(message, kMaxMessageBytes, SrvNames::compressed);
  const auto plain = write(message);
  const std::string name("\2me\5_kith\4_udp\5local\0", 21);
  const std::string numbers("\0\0\0\0\0\11", 6);
  EXPECT_EQ(as_text(*multicast),
            header_of(0, 1) + record_of(name, 33, numbers + "\4host" + bytes_of({0xC0, 26})));
  EXPECT_EQ(as_text(*plain),
            header_of(0, 1) + record_of(name, 33, numbers + std::string("\4host\5local\0", 12)));
}

TEST(DnsWrite, a_message_over_its_limit_is_not_written) {
  Message message;
  message.answers = {srv_record()};
  const std::size_t size = write(message)->size();
  EXPECT_TRUE(write(message, size));
  EXPECT_FALSE(write(message, size - 1));
}

TEST(DnsWrite, names_beyond_the_reach_of_pointers_are_written_whole) {
  Message message;
  Record big;
  big.name = Name::of("a");
  big.data = Opaque{65280, Bytes(0x3FF0)};
  message.answers = {big, srv_record(), srv_record(), srv_record()};
  EXPECT_EQ(parse(*write(message, kMaxMessageBytes, SrvNames::compressed)).value(), message);
}

TEST(DnsWrite, plain_data_shows_names_in_full) {
  EXPECT_EQ(as_text(plain_data(srv_record())),
            std::string("\0\0\0\0\0\11", 6) + std::string("\4host\5local\0", 12));
}

}  // namespace
}  // namespace kith::dns
