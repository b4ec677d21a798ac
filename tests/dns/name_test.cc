#include "engine/dns/name.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <optional>

namespace kith::dns {
namespace {

std::optional<Malformed> why_not(std::string_view text) {
  const auto name = Name::parse(text);
  return name ? std::nullopt : std::optional(name.error());
}

TEST(DnsName, text_is_labels_with_escapes) {
  const Name name = Name::of("Living\\032Room\\.1\\\\._http._tcp.local.");
  const auto labels = name.labels();
  ASSERT_EQ(labels.size(), 4u);
  EXPECT_EQ(labels[0], "Living Room.1\\");
  EXPECT_EQ(labels[3], "local");
  EXPECT_EQ(name.to_string(), "Living\\032Room\\.1\\\\._http._tcp.local");
  EXPECT_EQ(Name().to_string(), ".");
  EXPECT_TRUE(Name::of(".").is_root());
}

TEST(DnsName, letters_compare_without_case_and_other_bytes_exactly) {
  EXPECT_EQ(Name::of("Kith.LOCAL"), Name::of("kITH.local"));
  EXPECT_FALSE(Name::of("Kith.local").identical(Name::of("kith.local")));
  EXPECT_NE(Name::of("a[.local"), Name::of("a{.local"));
  EXPECT_NE(Name::of("\\195\\132.local"), Name::of("\\195\\164.local"));
  EXPECT_NE(Name::of("a.b"), Name::of("a\\.b"));
  EXPECT_NE(Name::of("ab.c"), Name::of("a.bc"));
}

TEST(DnsName, the_limits_of_rfc_1035_hold_to_the_byte) {
  const std::string label(63, 'x');
  EXPECT_FALSE(why_not(label));
  EXPECT_EQ(why_not(label + "x"), Malformed::label_too_long);
  const std::string three = label + "." + label + "." + label + ".";
  const auto longest = Name::parse(three + std::string(61, 'y'));
  ASSERT_TRUE(longest);
  EXPECT_EQ(longest->wire_size(), kMaxNameWireBytes);
  EXPECT_EQ(why_not(three + std::string(62, 'y')), Malformed::name_too_long);
  EXPECT_EQ(longest->child("z").error(), Malformed::name_too_long);
  EXPECT_TRUE(longest->parent().child(std::string(61, 'z')));
}

TEST(DnsName, text_that_is_no_name_is_refused_with_a_reason) {
  EXPECT_EQ(why_not("a..b"), Malformed::label_empty);
  EXPECT_EQ(why_not(".a"), Malformed::label_empty);
  EXPECT_EQ(why_not("a\\"), Malformed::escape);
  EXPECT_EQ(why_not("a\\256"), Malformed::escape);
  EXPECT_EQ(why_not("a\\25"), Malformed::escape);
}

TEST(DnsName, a_child_has_its_parent) {
  const Name parent = Name::of("_kith._udp.local");
  const auto child = parent.child("a.b");
  ASSERT_TRUE(child);
  EXPECT_EQ(child->first_label(), "a.b");
  EXPECT_EQ(child->parent(), parent);
  EXPECT_EQ(parent.child("").error(), Malformed::label_empty);
}

RC_GTEST_PROP(DnsName, any_labels_read_back_from_their_text, ()) {
  auto labels = *rc::gen::container<std::vector<std::string>>(rc::gen::suchThat(
      rc::gen::string<std::string>(), [](const std::string& label) { return !label.empty(); }));
  // As many and as long as a name can have.
  constexpr std::size_t kMostLabels = 3;
  if (labels.size() > kMostLabels) labels.resize(kMostLabels);
  for (std::string& label : labels) label.resize(std::min(label.size(), kMaxLabelBytes));
  const std::vector<std::string_view> views(labels.begin(), labels.end());
  const auto name = Name::from_labels(views);
  RC_ASSERT(name.has_value());
  RC_ASSERT(name->labels() == views);
  const auto again = Name::parse(name->to_string());
  RC_ASSERT(again.has_value());
  RC_ASSERT(again->identical(*name));
}

}  // namespace
}  // namespace kith::dns
