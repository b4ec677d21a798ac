#include "engine/transfer/names.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "engine/base/text.h"
#include "engine/transfer/limits.h"

namespace kith::transfer {
namespace {

using namespace std::string_literals;

TEST(Names, a_name_is_any_bytes_but_these) {
  EXPECT_EQ(check_name(""), NameFault::empty);
  EXPECT_EQ(check_name("."), NameFault::dots);
  EXPECT_EQ(check_name(".."), NameFault::dots);
  EXPECT_EQ(check_name("a/b"), NameFault::separator);
  EXPECT_EQ(check_name("/"), NameFault::separator);
  EXPECT_EQ(check_name("a\0b"s), NameFault::nul);
  EXPECT_EQ(check_name(std::string(256, 'a')), NameFault::too_long);
  EXPECT_EQ(check_name(".kith-part-0123"), NameFault::reserved);
  for (const auto& name : {"a"s, "..."s, ".bashrc"s, "\xff\xfe"s, "\x1b[31m"s, " "s, "a\nb"s,
                           ".kith-par"s, std::string(255, 'a')}) {
    EXPECT_EQ(check_name(name), std::nullopt) << printable(name);
  }
}

TEST(Names, every_fault_has_words) {
  for (const auto fault : {NameFault::empty, NameFault::dots, NameFault::separator, NameFault::nul,
                           NameFault::too_long, NameFault::reserved}) {
    EXPECT_FALSE(to_string(fault).empty());
  }
}

TEST(Names, a_destination_stays_below_the_inbox) {
  EXPECT_EQ(split_destination(""), std::vector<std::string>{});
  EXPECT_EQ(split_destination("a"), (std::vector<std::string>{"a"}));
  EXPECT_EQ(split_destination("a/b c/d"), (std::vector<std::string>{"a", "b c", "d"}));
  for (const auto& bad : {"/"s, "/a"s, "a//b"s, ".."s, "a/../b"s, "a/."s, "a\0"s, ".kith-part-1"s,
                          std::string(256, 'a')}) {
    EXPECT_EQ(split_destination(bad), std::nullopt) << printable(bad);
  }
  // Each component is a name, and together they are too long.
  std::string deep(200, 'a');
  for (int i = 0; i < 3; ++i) deep += "/" + std::string(200, 'b');
  EXPECT_EQ(split_destination(deep), std::nullopt);
}

TEST(Names, a_path_to_send_is_absolute_and_ends_in_a_name) {
  const auto parts = [](std::string_view path) {
    const auto split = split_path(path);
    return split ? split->parent + "|" + split->name : "none"s;
  };
  EXPECT_EQ(parts("/home/me/cat.jpg"), "/home/me|cat.jpg");
  EXPECT_EQ(parts("/home/me/album///"), "/home/me|album");
  EXPECT_EQ(parts("/x"), "/|x");
  for (const auto& bad : {""s, "/"s, "//"s, "cat.jpg"s, "a/b"s, "/a/.."s, "/a/."s, "/a/b\0"s,
                          "/a\0/b"s, "/a/.kith-part-1"s}) {
    EXPECT_EQ(parts(bad), "none") << printable(bad);
  }
}

TEST(Names, a_taken_name_is_numbered_before_its_extension) {
  EXPECT_EQ(alternative_name("cat.jpg", false, 2), "cat (2).jpg");
  EXPECT_EQ(alternative_name("cat", false, 3), "cat (3)");
  EXPECT_EQ(alternative_name(".bashrc", false, 2), ".bashrc (2)");
  EXPECT_EQ(alternative_name("my.album", true, 2), "my.album (2)");
  EXPECT_EQ(alternative_name("a.tar.gz", false, 10), "a.tar (10).gz");
}

TEST(Names, a_cut_name_stays_utf8) {
  std::string name;
  for (int i = 0; i < 85; ++i) name += "\xe2\x82\xac";  // the euro sign, three bytes
  ASSERT_EQ(name.size(), 255u);
  for (const unsigned attempt : {2u, 22u, 222u}) {
    const auto made = alternative_name(name, false, attempt);
    EXPECT_TRUE(is_utf8(as_byte_view(made)));
    EXPECT_LE(made.size(), kMaxNameBytes);
  }
}

RC_GTEST_PROP(NamesProperty, an_alternative_of_a_name_is_another_name, (std::string name)) {
  RC_PRE(!check_name(name));
  for (const bool directory : {false, true}) {
    const auto second = alternative_name(name, directory, 2);
    const auto last = alternative_name(name, directory, kMaxNameAttempts);
    RC_ASSERT(!check_name(second));
    RC_ASSERT(!check_name(last));
    RC_ASSERT(second != name);
    RC_ASSERT(second != last);
  }
}

}  // namespace
}  // namespace kith::transfer
