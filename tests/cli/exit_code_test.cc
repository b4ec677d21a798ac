#include "io/cli/exit_code.h"

#include <gtest/gtest.h>

namespace kith::cli {
namespace {

TEST(ExitCode, tells_scripts_how_the_other_side_was_lost) {
  EXPECT_EQ(exit_code(ErrorCode::refused, Origin::peer), 3);
  EXPECT_EQ(exit_code(ErrorCode::cancelled, Origin::peer), 3);
  EXPECT_EQ(exit_code(ErrorCode::unreachable, Origin::peer), 4);
  EXPECT_EQ(exit_code(ErrorCode::connection_lost, Origin::peer), 5);
  EXPECT_EQ(exit_code(ErrorCode::timed_out, Origin::peer), 5);
}

TEST(ExitCode, damaged_words_are_refused_but_a_damaged_database_is_a_failure) {
  EXPECT_EQ(exit_code(ErrorCode::corrupt, Origin::words), 3);
  EXPECT_EQ(exit_code(ErrorCode::corrupt, Origin::device), 1);
  EXPECT_EQ(exit_code(ErrorCode::corrupt, Origin::peer), 1);
}

TEST(ExitCode, what_cannot_work_is_a_usage_error_wherever_it_is_found) {
  for (const Origin origin : {Origin::words, Origin::device, Origin::peer}) {
    EXPECT_EQ(exit_code(ErrorCode::invalid_argument, origin), 2);
  }
}

TEST(ExitCode, an_interruption_is_130_and_failures_of_this_device_are_1) {
  EXPECT_EQ(exit_code(ErrorCode::cancelled, Origin::words), 130);
  EXPECT_EQ(exit_code(ErrorCode::no_space, Origin::peer), 1);
  EXPECT_EQ(exit_code(ErrorCode::io_error, Origin::device), 1);
  EXPECT_EQ(exit_code(ErrorCode::not_found, Origin::device), 1);
  EXPECT_EQ(exit_code(ErrorCode::permission_denied, Origin::device), 1);
  EXPECT_EQ(exit_code(ErrorCode::already_exists, Origin::device), 1);
  EXPECT_EQ(exit_code(ErrorCode::source_changed, Origin::peer), 1);
}

}  // namespace
}  // namespace kith::cli
