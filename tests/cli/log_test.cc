#include "io/cli/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cli/captured.h"

namespace kith::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Log, only_wanted_topics_are_written) {
  Captured written;
  Log log(*LogFilter::parse("pairing"), written.stream());
  log.event(TransferCompleted{});
  EXPECT_EQ(written.text(), "");
  log.event(PairingFailed{{}, {ErrorCode::timed_out, "the code expired", ""}});
  EXPECT_THAT(written.text(), HasSubstr("pairing: failed: timed_out: the code expired\n"));
}

TEST(Log, the_words_are_never_written) {
  const LogLine line = describe(PairingCodeReady{{}, {"zoo", "able"}, std::chrono::minutes(5)});
  EXPECT_THAT(line.text, HasSubstr("300 s"));
  EXPECT_THAT(line.text, Not(HasSubstr("zoo")));
}

TEST(Log, hostile_names_are_made_printable) {
  Paired paired;
  paired.name = "\x1b[2J";
  EXPECT_THAT(describe(paired).text, Not(HasSubstr("\x1b")));
  ItemCompleted item;
  item.path = "/in/\x1b[2J";
  EXPECT_THAT(describe(item).text, Not(HasSubstr("\x1b")));
}

TEST(Log, a_filter_is_a_list_of_topics_or_all) {
  const auto some = LogFilter::parse("network,transfer");
  ASSERT_TRUE(some);
  EXPECT_TRUE(some->wants("network"));
  EXPECT_TRUE(some->wants("transfer"));
  EXPECT_FALSE(some->wants("pairing"));
  EXPECT_TRUE(LogFilter::parse("all")->wants("counters"));
  EXPECT_FALSE(LogFilter::parse("")->wants("network"));
  EXPECT_FALSE(LogFilter::parse("network,nonsense"));
}

TEST(Log, counters_that_are_zero_are_left_out) {
  Captured written;
  Log log(*LogFilter::parse("counters"), written.stream());
  log.counters({{"udp/sent", 3}, {"udp/failed", 0}});
  EXPECT_THAT(written.text(), HasSubstr("counters: udp/sent 3\n"));
  EXPECT_THAT(written.text(), Not(HasSubstr("failed")));
}

}  // namespace
}  // namespace kith::cli
