#include "engine/base/text.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

namespace kith {
namespace {

using namespace std::string_literals;

std::string upper(std::string text);
Bytes bytes_of(const std::vector<std::uint8_t>& values);

TEST(Hex, is_lower_case_and_reads_both_cases) {
  const Bytes bytes = bytes_of({0x00, 0x0f, 0xa5, 0xff});
  EXPECT_EQ(to_hex(bytes), "000fa5ff");
  EXPECT_EQ(from_hex("000Fa5fF"), bytes);
  EXPECT_EQ(from_hex(""), Bytes{});
}

TEST(Hex, nothing_but_whole_bytes_of_digits_is_read) {
  for (const char* wrong : {"0", "000", "0g", "0x00", "00 ", " 00", "00:11", "\xff\xff"}) {
    EXPECT_EQ(from_hex(wrong), std::nullopt) << wrong;
  }
  EXPECT_EQ(from_hex("00\0"s), std::nullopt);
}

// The examples of the z-base-32 description, section 5.2 (24 bits each).
TEST(Zbase32, its_published_examples_hold) {
  EXPECT_EQ(to_zbase32(bytes_of({0xf0, 0xbf, 0xc7})), "6n9hq");
  EXPECT_EQ(to_zbase32(bytes_of({0xd4, 0x7a, 0x04})), "4t7ye");
  EXPECT_EQ(from_zbase32("6n9hq"), bytes_of({0xf0, 0xbf, 0xc7}));
  EXPECT_EQ(from_zbase32("4T7YE"), bytes_of({0xd4, 0x7a, 0x04}));
}

TEST(Zbase32, a_key_is_52_characters) {
  EXPECT_EQ(to_zbase32(Bytes(32)).size(), 52u);
  EXPECT_EQ(from_zbase32(std::string(52, 'y')), Bytes(32));
}

TEST(Zbase32, letters_outside_its_alphabet_are_refused) {
  for (const char* wrong : {"y0", "yl", "yv", "y2", "y=", "y y"}) {
    EXPECT_EQ(from_zbase32(wrong), std::nullopt) << wrong;
  }
}

// RFC 4648 section 10, in lower case and without the padding.
TEST(Base32hex, the_vectors_of_rfc_4648_hold) {
  const std::vector<std::pair<std::string, std::string>> vectors{
      {"", ""},
      {"f", "co"},
      {"fo", "cpng"},
      {"foo", "cpnmu"},
      {"foob", "cpnmuog"},
      {"fooba", "cpnmuoj1"},
      {"foobar", "cpnmuoj1e8"},
  };
  for (const auto& [plain, encoded] : vectors) {
    EXPECT_EQ(to_base32hex(as_byte_view(plain)), encoded);
    EXPECT_EQ(from_base32hex(encoded), to_bytes(as_byte_view(plain)));
    EXPECT_EQ(from_base32hex(upper(encoded)), to_bytes(as_byte_view(plain)));
  }
}

TEST(Base32hex, a_second_spelling_of_the_same_bytes_is_refused) {
  EXPECT_EQ(from_base32hex("cp"), std::nullopt);        // two bits left over are not zero
  EXPECT_EQ(from_base32hex("co0"), std::nullopt);       // a digit that belongs to no byte
  EXPECT_EQ(from_base32hex("0"), std::nullopt);         // likewise
  EXPECT_EQ(from_base32hex("co======"), std::nullopt);  // padding
  EXPECT_EQ(from_base32hex("cw"), std::nullopt);        // not in the alphabet
}

RC_GTEST_PROP(Encodings, what_is_encoded_is_decoded, (const std::vector<std::uint8_t>& values)) {
  const Bytes bytes = bytes_of(values);
  RC_ASSERT(from_hex(to_hex(bytes)) == bytes);
  RC_ASSERT(from_zbase32(to_zbase32(bytes)) == bytes);
  RC_ASSERT(from_base32hex(to_base32hex(bytes)) == bytes);
  RC_ASSERT(from_base32hex(upper(to_base32hex(bytes))) == bytes);
}

RC_GTEST_PROP(Encodings, whatever_decodes_is_the_one_spelling, ()) {
  const auto text =
      *rc::gen::container<std::string>(rc::gen::elementOf("0123456789abcdefghijklmnopqrstuvwxyz"s));
  if (const auto bytes = from_hex(text)) RC_ASSERT(to_hex(*bytes) == text);
  if (const auto bytes = from_zbase32(text)) RC_ASSERT(to_zbase32(*bytes) == text);
  if (const auto bytes = from_base32hex(text)) RC_ASSERT(to_base32hex(*bytes) == text);
}

TEST(Utf8, the_edges_of_every_length_are_well_formed) {
  for (const std::string& text : {"\x00"s, "\x7f"s, "\u0080"s, "\u07ff"s, "\u0800"s, "\ud7ff"s,
                                  "\ue000"s, "\uffff"s, "\U00010000"s, "\U0010ffff"s}) {
    EXPECT_TRUE(is_utf8(as_byte_view(text))) << to_hex(as_byte_view(text));
  }
  EXPECT_TRUE(is_utf8({}));
}

TEST(Utf8, overlong_surrogate_too_large_and_cut_forms_are_not) {
  for (const std::string& text : {
           "\x80"s, "\xbf"s,                                     // continuation without a start
           "\xc0\x80"s, "\xc1\xbf"s, "\xe0\x9f\xbf"s,            // overlong
           "\xf0\x8f\xbf\xbf"s, "\xf8\x88\x80\x80\x80"s,         // overlong, five bytes
           "\xed\xa0\x80"s, "\xed\xbf\xbf"s,                     // surrogates
           "\xf4\x90\x80\x80"s, "\xf5\x80\x80\x80"s, "\xff"s,    // above U+10FFFF
           "\xc3"s, "\xe2\x82"s, "\xf0\x9f\x98"s, "\xe2(\xa1"s,  // cut
       }) {
    EXPECT_FALSE(is_utf8(as_byte_view(text))) << to_hex(as_byte_view(text));
  }
}

TEST(Printable, ordinary_names_are_left_alone) {
  for (const std::string& name : {"holiday photo (1).jpg"s, "Ärger.txt"s, "日本語"s, "🙂.png"s,
                                  "e\u0301"s, "مرحبا"s, ""s}) {
    EXPECT_EQ(printable(name), name);
  }
}

TEST(Printable, nothing_that_commands_a_terminal_gets_through) {
  EXPECT_EQ(printable("a\x1b[2Jb"s), "a\ufffd[2Jb");
  EXPECT_EQ(printable("\0\a\b\t\n\r\x7f"s), "\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd");
  EXPECT_EQ(printable("\u0080\u009b\u009f\u00a0"s), "\ufffd\ufffd\ufffd\u00a0");  // C1
  EXPECT_EQ(printable("\x9b"
                      "31m"s),
            "\ufffd31m");  // C1 as one byte is not UTF-8
}

TEST(Printable, nothing_that_reorders_or_breaks_the_text_gets_through) {
  EXPECT_EQ(printable("photo\u202egpj.exe"s), "photo\ufffdgpj.exe");
  for (const std::string& hidden :
       {"\u202a"s, "\u202b"s, "\u202c"s, "\u202d"s, "\u2066"s, "\u2067"s, "\u2068"s, "\u2069"s,
        "\u200e"s, "\u200f"s, "\u061c"s, "\u2028"s, "\u2029"s, "\U000e0041"s}) {
    EXPECT_EQ(printable(hidden), "\ufffd") << to_hex(as_byte_view(hidden));
  }
  EXPECT_EQ(printable("\u2027\u2030\u2065\u206a"s), "\u2027\u2030\u2065\u206a");
}

// The Unicode Standard, section 3.9, table 3-8: one replacement for each maximal subpart.
TEST(Printable, an_ill_formed_sequence_takes_nothing_that_follows_it) {
  EXPECT_EQ(printable("\x61\xf1\x80\x80\xe1\x80\xc2\x62\x80\x63\x80\xbf\x64"s),
            "a\ufffd\ufffd\ufffdb\ufffdc\ufffd\ufffdd");
}

RC_GTEST_PROP(Printable, its_result_is_always_safe_and_stays_as_it_is,
              (const std::vector<std::uint8_t>& values)) {
  const std::string once = printable(bytes_of(values));
  RC_ASSERT(is_utf8(as_byte_view(once)));
  RC_ASSERT(once.find('\x1b') == std::string::npos);
  RC_ASSERT(printable(once) == once);
}

RC_GTEST_PROP(Utf8, printable_changes_whatever_is_not_utf8,
              (const std::vector<std::uint8_t>& values)) {
  const Bytes bytes = bytes_of(values);
  if (!is_utf8(bytes)) RC_ASSERT(printable(bytes) != as_text(bytes));
}

TEST(CutUtf8, cuts_where_a_character_ends) {
  EXPECT_EQ(cut_utf8("plain", 5), "plain");
  EXPECT_EQ(cut_utf8("plain", 3), "pla");
  EXPECT_EQ(cut_utf8("a\u00e9", 2), "a");
  EXPECT_EQ(cut_utf8("a\u00e9b", 3), "a\u00e9");
  EXPECT_EQ(cut_utf8("\U0001f600", 3), "");
  EXPECT_EQ(cut_utf8("", 0), "");
}

RC_GTEST_PROP(CutUtf8Property, text_stays_text_and_loses_three_bytes_at_most,
              (std::vector<std::uint16_t> characters, std::uint8_t most)) {
  std::string text;
  for (const std::uint16_t each : characters) {
    text += std::array<const char*, 4>{"a", "\u00e9", "\u20ac", "\U0001f600"}[each % 4];
  }
  const std::string_view cut = cut_utf8(text, most);
  RC_ASSERT(text.starts_with(cut));
  RC_ASSERT(is_utf8(as_byte_view(cut)));
  RC_ASSERT(cut.size() <= most);
  RC_ASSERT(cut.size() + 3 >= std::min<std::size_t>(text.size(), most));
}

std::string upper(std::string text) {
  for (char& c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return text;
}

Bytes bytes_of(const std::vector<std::uint8_t>& values) {
  Bytes bytes;
  for (const std::uint8_t value : values) bytes.push_back(std::byte{value});
  return bytes;
}

}  // namespace
}  // namespace kith
