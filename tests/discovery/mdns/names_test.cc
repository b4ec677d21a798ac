#include "engine/discovery/mdns/names.h"

#include <gtest/gtest.h>

#include "engine/discovery/mdns/limits.h"
#include "engine/discovery/mdns/own_records.h"

namespace kith::mdns {
namespace {

TEST(MdnsNames, the_next_label_counts_on) {
  EXPECT_EQ(next_instance_label("desk"), "desk (2)");
  EXPECT_EQ(next_instance_label("desk (2)"), "desk (3)");
  EXPECT_EQ(next_instance_label("desk (9)"), "desk (10)");
  EXPECT_EQ(next_instance_label("desk (x)"), "desk (x) (2)");
  EXPECT_EQ(next_host_label("host"), "host-2");
  EXPECT_EQ(next_host_label("host-2"), "host-3");
  EXPECT_EQ(next_host_label("host7"), "host7-2");
}

TEST(MdnsNames, the_next_label_is_never_too_long_and_cuts_no_character) {
  EXPECT_EQ(next_instance_label(std::string(63, 'x')), std::string(59, 'x') + " (2)");
  // 58 letters and a letter of two bytes that would end at byte 60.
  const std::string label = std::string(58, 'x') + "\xc3\xa4\xc3\xa4";
  EXPECT_EQ(next_instance_label(label), std::string(58, 'x') + " (2)");
}

TEST(MdnsNames, pairs_read_as_they_were_written) {
  const TxtPairs pairs{{"v", "1"}, {"key", "a=b"}, {"empty", ""}};
  const auto txt = to_txt(pairs);
  ASSERT_TRUE(txt);
  EXPECT_EQ(txt->strings, (std::vector<std::string>{"v=1", "key=a=b", "empty="}));
  EXPECT_EQ(from_txt(*txt), pairs);
  EXPECT_EQ(to_txt({})->strings, std::vector<std::string>{""});
}

// RFC 6763 section 6.4.
TEST(MdnsNames, strings_that_are_no_pairs_are_left_out) {
  const dns::Txt txt{{"", "=x", "flag", "v=1", "V=2", "a\x01=b"}};
  EXPECT_EQ(from_txt(txt), (TxtPairs{{"flag", ""}, {"v", "1"}}));
}

TEST(MdnsNames, pairs_that_break_a_rule_are_refused) {
  EXPECT_FALSE(to_txt({{"", "x"}}));
  EXPECT_FALSE(to_txt({{"a=b", "x"}}));
  EXPECT_FALSE(to_txt({{"a", "x"}, {"A", "y"}}));
  EXPECT_TRUE(to_txt({{"a", std::string(253, 'x')}}));
  EXPECT_FALSE(to_txt({{"a", std::string(254, 'x')}}));
  TxtPairs many;
  for (char c = 'a'; c < 'e'; ++c) many.push_back({std::string(1, c), std::string(240, 'x')});
  EXPECT_FALSE(to_txt(many));
}

TEST(MdnsNames, a_presence_that_cannot_be_announced_is_refused) {
  EXPECT_TRUE(validate({"", {}}));
  EXPECT_TRUE(validate({"host", {{"a", 1, {}}, {"b", 1, {}}}}));
  EXPECT_FALSE(validate({"", {{"a", 1, {}}}}));
  EXPECT_FALSE(validate({"host", {{std::string(64, 'a'), 1, {}}}}));
  EXPECT_FALSE(validate({"host", {{"a", 1, {}}, {"A", 1, {}}}}));
  EXPECT_FALSE(validate({"host", std::vector<Instance>(kMaxInstances + 1)}));
}

}  // namespace
}  // namespace kith::mdns
