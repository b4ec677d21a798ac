#include "io/cli/progress_bar.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kith::cli {
namespace {

using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

TransferProgress progress(std::uint64_t done, std::uint64_t total);

TEST(ProgressBar, quantities_read_as_people_write_them) {
  EXPECT_EQ(format_bytes(0), "0 B");
  EXPECT_EQ(format_bytes(999), "999 B");
  EXPECT_EQ(format_bytes(1000), "1.0 kB");
  EXPECT_EQ(format_bytes(1536), "1.5 kB");
  EXPECT_EQ(format_bytes(9'940), "9.9 kB");
  EXPECT_EQ(format_bytes(9'960), "10 kB");
  EXPECT_EQ(format_bytes(999'600), "1.0 MB");
  EXPECT_EQ(format_bytes(std::uint64_t{256} << 20), "268 MB");
  EXPECT_EQ(format_bytes(UINT64_MAX), "18 EB");
  EXPECT_EQ(format_rate(823'000'000), "823 MB/s");
}

TEST(ProgressBar, durations_read_as_people_write_them) {
  EXPECT_EQ(format_duration(420ms), "0.42 s");
  EXPECT_EQ(format_duration(9'999ms), "10 s");
  EXPECT_EQ(format_duration(59s), "59 s");
  EXPECT_EQ(format_duration(59'900ms), "1:00");
  EXPECT_EQ(format_duration(5min), "5:00");
  EXPECT_EQ(format_duration(2h + 3min + 7s), "2:03:07");
  EXPECT_EQ(format_duration(-1s), "0.00 s");
}

TEST(ProgressBar, a_mean_rate_of_nothing_is_nothing) {
  EXPECT_EQ(mean_rate(100, 0ns), 0u);
  EXPECT_EQ(mean_rate(100, 2s), 50u);
}

TEST(ProgressBar, shows_how_much_how_fast_and_how_long) {
  TransferProgress state = progress(500'000'000, 1'000'000'000);
  state.rate_bps = 100'000'000;
  state.eta = 5s;
  const std::string line = draw_progress(state, 79);
  EXPECT_THAT(line, HasSubstr("50 %  500 MB of 1.0 GB  100 MB/s  0:05 left"));
  EXPECT_THAT(line, testing::StartsWith("[#"));
  EXPECT_THAT(line, HasSubstr("#-"));
}

TEST(ProgressBar, is_never_wider_than_the_terminal) {
  TransferProgress state = progress(999'999'999, 1'000'000'000);
  state.rate_bps = 123'456'789;
  state.eta = 100h;
  for (std::size_t width = 0; width < 200; ++width) {
    EXPECT_LE(draw_progress(state, width).size(), width);
  }
}

TEST(ProgressBar, is_full_only_at_the_end) {
  EXPECT_THAT(draw_progress(progress(999'999, 1'000'000), 79), HasSubstr(" 99 %"));
  EXPECT_THAT(draw_progress(progress(1'000'000, 1'000'000), 79), HasSubstr("100 %"));
  EXPECT_THAT(draw_progress(progress(1'000'000, 1'000'000), 79), Not(HasSubstr("-")));
  EXPECT_THAT(draw_progress(progress(0, 0), 79), HasSubstr("100 %"));
}

TransferProgress progress(std::uint64_t done, std::uint64_t total) {
  TransferProgress state;
  state.bytes_done = done;
  state.bytes_total = total;
  return state;
}

}  // namespace
}  // namespace kith::cli
