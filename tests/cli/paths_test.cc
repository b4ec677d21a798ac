#include "io/cli/paths.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace kith::cli {
namespace {

namespace fs = std::filesystem;

class Paths : public testing::Test {
 protected:
  Paths();
  ~Paths() override;

  fs::path top_;
  fs::path before_ = fs::current_path();
};

TEST_F(Paths, a_source_becomes_absolute_under_its_own_name) {
  EXPECT_EQ(absolute_source("file"), (top_ / "file").native());
  EXPECT_EQ(absolute_source("./dir/../file"), (top_ / "file").native());
  EXPECT_EQ(absolute_source("dir/"), (top_ / "dir").native());
  EXPECT_EQ(absolute_source((top_ / "dir").native()), (top_ / "dir").native());
}

TEST_F(Paths, dots_are_named_after_the_directory_they_mean) {
  EXPECT_EQ(absolute_source("."), top_.native());
  EXPECT_EQ(absolute_source("./"), top_.native());
  EXPECT_EQ(absolute_source("dir/.."), top_.native());
}

TEST_F(Paths, a_link_on_the_way_is_followed_and_one_at_the_end_is_not) {
  fs::create_directory_symlink("dir", top_ / "link");
  EXPECT_EQ(absolute_source("link/inner"), (top_ / "dir" / "inner").native());
  EXPECT_EQ(absolute_source("link"), (top_ / "link").native());
}

TEST_F(Paths, what_is_not_there_is_not_found) {
  for (const char* path : {"missing", "missing/file", "file/beneath"}) {
    const auto found = absolute_source(path);
    ASSERT_FALSE(found) << path;
    EXPECT_EQ(found.error().code, ErrorCode::not_found) << path;
  }
  EXPECT_EQ(absolute_source("").error().code, ErrorCode::invalid_argument);
}

TEST_F(Paths, a_name_that_is_not_utf8_is_kept) {
  std::ofstream(top_ / "\xff");
  EXPECT_EQ(absolute_source("\xff"), (top_ / "\xff").native());
}

TEST_F(Paths, an_inbox_is_made_but_not_its_parents) {
  EXPECT_TRUE(ensure_directory((top_ / "inbox").native()));
  EXPECT_TRUE(fs::is_directory(top_ / "inbox"));
  EXPECT_TRUE(ensure_directory((top_ / "inbox").native()));
  EXPECT_EQ(ensure_directory((top_ / "no" / "inbox").native()).error().code, ErrorCode::not_found);
  EXPECT_FALSE(ensure_directory((top_ / "file").native()));
}

Paths::Paths() {
  std::string pattern = (fs::temp_directory_path() / "kith-paths.XXXXXX").native();
  top_ = fs::canonical(mkdtemp(pattern.data()));
  std::ofstream(top_ / "file");
  fs::create_directory(top_ / "dir");
  std::ofstream(top_ / "dir" / "inner");
  fs::current_path(top_);
}

Paths::~Paths() {
  fs::current_path(before_);
  fs::remove_all(top_);
}

}  // namespace
}  // namespace kith::cli
