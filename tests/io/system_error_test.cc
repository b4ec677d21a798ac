#include "io/base/system_error.h"

#include <gtest/gtest.h>

namespace kith::io {
namespace {

TEST(SystemError, a_full_disk_and_a_full_quota_are_no_space) {
  EXPECT_EQ(error_code_of(ENOSPC), ErrorCode::no_space);
  EXPECT_EQ(error_code_of(EDQUOT), ErrorCode::no_space);
}

TEST(SystemError, a_failing_disk_is_an_io_error) {
  EXPECT_EQ(error_code_of(EIO), ErrorCode::io_error);
}

TEST(SystemError, what_can_be_acted_on_has_a_hint) {
  for (const int error_number : {EACCES, EPERM, EROFS, ENOSPC, EDQUOT, EMFILE, EIO, EADDRINUSE}) {
    EXPECT_FALSE(system_error(error_number, "open", "/file").hint.empty()) << error_number;
  }
}

TEST(SystemError, the_message_names_action_and_path_and_is_safe_to_print) {
  const Error error = system_error(ENOENT, "open", "/home/a\x1b[2Jb");
  EXPECT_EQ(error.message.find("Cannot open /home/a"), 0u) << error.message;
  EXPECT_EQ(error.message.find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace kith::io
