#include "engine/dns/parse.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <optional>

#include "engine/dns/write.h"
#include "tests/dns/message_bytes.h"

namespace kith::dns {
namespace {

Message read(const std::string& bytes);
std::optional<Malformed> why_not(const std::string& bytes);

const std::string kQuestionTail = u16_of(255) + u16_of(1);

// RFC 1035 section 4.1.4: F.ISI.ARPA at 20, FOO and a pointer to it at 40, a pointer to its last
// label at 64, and the root at 92.
TEST(DnsParse, the_names_of_rfc_1035_are_read) {
  std::string bytes = header_of(0, 2);
  // The gaps of the example are the data of records of a type nobody knows.
  bytes += std::string("\0", 1) + u16_of(65280) + u16_of(1) + u16_of(0) + u16_of(0);
  const std::size_t length_at = bytes.size();
  bytes += u16_of(0);
  bytes += std::string("\1F\3ISI\4ARPA\0", 12);
  const std::size_t at = length_at + 2;
  bytes.replace(length_at, 2, u16_of(12));
  bytes += record_of("\3FOO" + bytes_of({0xC0, static_cast<int>(at)}), 12,
                     bytes_of({0xC0, static_cast<int>(at) + 6}));
  const Message message = read(bytes);
  ASSERT_EQ(message.answers.size(), 2u);
  EXPECT_EQ(message.answers[0].name, Name());
  EXPECT_EQ(message.answers[1].name, Name::of("FOO.F.ISI.ARPA"));
  EXPECT_EQ(std::get<Ptr>(message.answers[1].data).target, Name::of("ARPA"));
}

// RFC 4034 section 4.3: alfa.example.com NSEC host.example.com (A MX RRSIG NSEC TYPE1234).
TEST(DnsParse, the_nsec_of_rfc_4034_is_read_and_written) {
  std::string data("\4host\7example\3com\0\0\6\x40\1\0\0\0\3\4\x1b", 28);
  data += std::string(26, '\0') + "\x20";
  const Message message =
      read(header_of(0, 1) + record_of(std::string("\4alfa\7example\3com\0", 18), 47, data));
  const auto& nsec = std::get<Nsec>(message.answers.at(0).data);
  EXPECT_EQ(nsec.next, Name::of("host.example.com"));
  EXPECT_EQ(nsec.types, (std::vector<std::uint16_t>{1, 15, 46, 47, 1234}));
  EXPECT_EQ(as_text(plain_data(message.answers[0])), data);
}

// RFC 6762 sections 5.4 and 10.2: the top bits of the classes.
TEST(DnsParse, the_bits_of_multicast_dns_are_apart_from_the_class) {
  std::string bytes = header_of(1, 1, 0x8400);
  bytes += std::string("\1a\0", 3) + u16_of(28) + u16_of(0x8001);
  bytes += std::string("\1a\0", 3) + u16_of(1) + u16_of(0x8001) + u16_of(0) + u16_of(120) +
           u16_of(4) + bytes_of({192, 0, 2, 1});
  const Message message = read(bytes);
  EXPECT_TRUE(message.header.response);
  EXPECT_TRUE(message.header.authoritative);
  EXPECT_TRUE(message.questions.at(0).unicast_response);
  EXPECT_EQ(message.questions[0].question_class, kClassIn);
  EXPECT_EQ(message.questions[0].type, Type::aaaa);
  EXPECT_TRUE(message.answers.at(0).cache_flush);
  EXPECT_EQ(message.answers[0].record_class, kClassIn);
  EXPECT_EQ(message.answers[0].ttl, 120u);
}

TEST(DnsParse, a_size_in_the_class_of_opt_survives) {
  const std::string opt = std::string("\0", 1) + u16_of(41) + u16_of(0x8005) + u16_of(0) +
                          u16_of(0) + u16_of(4) + bytes_of({0, 3, 0, 0});
  const std::string bytes = header_of(0, 1) + opt;
  const auto written = write(read(bytes));
  ASSERT_TRUE(written);
  EXPECT_EQ(as_text(*written), bytes);
}

// RFC 6763 section 6.1: no string at all is read as one that is empty.
TEST(DnsParse, a_txt_record_without_a_string_has_an_empty_one) {
  const std::string name("\1a\0", 3);
  const Message message = read(header_of(0, 2) + record_of(name, 16, "") +
                               record_of(name, 16, std::string("\0\3k=v", 5)));
  EXPECT_EQ(std::get<Txt>(message.answers.at(0).data).strings, std::vector<std::string>{""});
  EXPECT_EQ(std::get<Txt>(message.answers.at(1).data).strings,
            (std::vector<std::string>{"", "k=v"}));
}

TEST(DnsParse, a_pointer_that_does_not_go_back_is_refused) {
  const auto at_itself = header_of(1, 0) + bytes_of({0xC0, 12}) + kQuestionTail;
  const auto forward = header_of(1, 0) + bytes_of({0xC0, 14, 0}) + kQuestionTail;
  const auto loop = header_of(1, 0) + "\1a" + bytes_of({0xC0, 12}) + kQuestionTail;
  const auto pair =
      header_of(2, 0) + bytes_of({0xC0, 18}) + kQuestionTail + bytes_of({0xC0, 12}) + kQuestionTail;
  for (const auto& bytes : {at_itself, forward, loop, pair}) {
    EXPECT_EQ(why_not(bytes), Malformed::pointer_not_backward);
  }
}

TEST(DnsParse, labels_and_names_over_their_limits_are_refused) {
  EXPECT_EQ(why_not(header_of(1, 0) + bytes_of({0x40}) + kQuestionTail), Malformed::label_reserved);
  EXPECT_EQ(why_not(header_of(1, 0) + bytes_of({0x80}) + kQuestionTail), Malformed::label_reserved);
  std::string name;
  for (int i = 0; i < 4; ++i) name += "\x3f" + std::string(63, 'x');
  EXPECT_EQ(why_not(header_of(1, 0) + name + '\0' + kQuestionTail), Malformed::name_too_long);
  // The same by a pointer: 4 * 64 bytes in two parts that are short enough alone.
  const std::string half = name.substr(0, 128);
  EXPECT_EQ(why_not(header_of(2, 0) + half + '\0' + kQuestionTail + half + bytes_of({0xC0, 12}) +
                    kQuestionTail),
            Malformed::name_too_long);
}

TEST(DnsParse, a_small_message_cannot_become_a_large_one) {
  std::string name;
  for (int i = 0; i < 3; ++i) name += "\x3f" + std::string(63, 'x');
  std::string bytes = header_of(1, 512) + name + '\0' + kQuestionTail;
  for (int i = 0; i < 512; ++i) bytes += record_of(bytes_of({0xC0, 12}), 12, bytes_of({0xC0, 12}));
  EXPECT_LT(bytes.size(), 9000u);
  EXPECT_EQ(why_not(bytes), Malformed::too_many_name_bytes);
}

TEST(DnsParse, a_chain_of_pointers_has_an_end) {
  const auto chain = [](std::size_t pointers) {
    std::string data(1, '\0');
    const std::size_t first = kHeaderBytes + 11;
    for (std::size_t i = 0; i < pointers; ++i) {
      const std::size_t target = i == 0 ? first : first + 1 + 2 * (i - 1);
      data += u16_of(0xC000 | target);
    }
    const std::size_t last = first + 1 + 2 * (pointers - 1);
    return header_of(0, 2) + record_of(std::string(1, '\0'), 65280, data) +
           record_of(u16_of(0xC000 | last), 65280, "");
  };
  EXPECT_EQ(why_not(chain(kMaxPointersPerName - 1)), std::nullopt);
  EXPECT_EQ(why_not(chain(kMaxPointersPerName)), Malformed::too_many_pointers);
}

TEST(DnsParse, counts_above_the_limits_are_refused_before_anything_is_read) {
  EXPECT_EQ(why_not(header_of(kMaxQuestions + 1, 0)), Malformed::too_many_questions);
  EXPECT_EQ(why_not(header_of(0, kMaxRecords + 1)), Malformed::too_many_records);
  EXPECT_EQ(why_not(header_of(kMaxQuestions, kMaxRecords)), Malformed::cut_short);
}

TEST(DnsParse, data_that_is_not_as_long_as_it_says_is_refused) {
  const std::string name("\1a\0", 3);
  EXPECT_EQ(why_not(header_of(0, 1) + record_of(name, 1, "abc")), Malformed::record_length);
  EXPECT_EQ(why_not(header_of(0, 1) + record_of(name, 1, "abcde")), Malformed::record_length);
  EXPECT_EQ(why_not(header_of(0, 1) + record_of(name, 16, "\5ab")), Malformed::record_length);
  EXPECT_EQ(why_not(header_of(0, 1) + record_of(name, 12, "\1a")), Malformed::record_length);
  EXPECT_EQ(why_not(header_of(0, 0) + "x"), Malformed::trailing_bytes);
  const std::string nsec("\0\0\0", 3);
  EXPECT_EQ(why_not(header_of(0, 1) + record_of(name, 47, nsec)), Malformed::type_bitmap);
  std::string all(1, '\0');
  for (int window = 0; window < 2; ++window)
    all += bytes_of({window, 32}) + std::string(32, '\xff');
  EXPECT_EQ(why_not(header_of(0, 1) + record_of(name, 47, all)), Malformed::too_many_types);
}

TEST(DnsParse, a_message_cut_anywhere_is_refused) {
  const std::string name("\1a\0", 3);
  const std::string bytes =
      header_of(1, 2) + name + kQuestionTail + record_of(name, 16, "\3k=v") +
      record_of(bytes_of({0xC0, 12}), 33, std::string("\0\0\0\0\0\1", 6) + name);
  ASSERT_EQ(why_not(bytes), std::nullopt);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(why_not(bytes.substr(0, size)), Malformed::cut_short) << size;
  }
}

RC_GTEST_PROP(DnsParse, random_bytes_are_read_or_refused_without_harm, ()) {
  auto bytes = *rc::gen::container<std::vector<std::uint8_t>>(rc::gen::arbitrary<std::uint8_t>());
  if (bytes.size() > 12) std::fill(bytes.begin() + 4, bytes.begin() + 12, 0);
  if (bytes.size() > 12) bytes[5] = bytes[7] = 1;
  const auto message = parse(std::as_bytes(std::span(bytes)));
  if (!message) return;
  const auto written = write(*message);
  RC_ASSERT(written.has_value());
  RC_ASSERT(parse(*written).value() == *message);
}

Message read(const std::string& bytes) {
  auto message = parse(as_byte_view(bytes));
  if (!message) ADD_FAILURE() << to_string(message.error());
  return message.value_or(Message{});
}

std::optional<Malformed> why_not(const std::string& bytes) {
  const auto message = parse(as_byte_view(bytes));
  return message ? std::nullopt : std::optional(message.error());
}

}  // namespace
}  // namespace kith::dns
