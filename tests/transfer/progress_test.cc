#include "engine/transfer/progress.h"

#include <gtest/gtest.h>

#include "engine/transfer/limits.h"

namespace kith::transfer {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Instant kStart{5'000'000'000};

TEST(Progress, news_are_due_ten_times_a_second_and_a_stall_once) {
  Progress progress(1000, kStart);
  EXPECT_EQ(progress.due(), kStart + seconds(1));
  progress.advance(10);
  EXPECT_EQ(progress.due(), kStart + milliseconds(100));
  EXPECT_FALSE(progress.is_due(kStart + milliseconds(99)));
  EXPECT_TRUE(progress.is_due(kStart + milliseconds(100)));
  progress.report(kStart + milliseconds(100));
  EXPECT_EQ(progress.due(), kStart + milliseconds(1100));
}

TEST(Progress, a_steady_transfer_has_its_rate_and_time_left) {
  Progress progress(10'000'000, kStart);
  TransferProgress report;
  for (int tenth = 1; tenth <= 50; ++tenth) {
    progress.advance(static_cast<std::uint64_t>(tenth) * 100'000);
    report = progress.report(kStart + milliseconds(100) * tenth);
  }
  EXPECT_EQ(report.bytes_done, 5'000'000u);
  EXPECT_EQ(report.bytes_total, 10'000'000u);
  EXPECT_EQ(report.rate_bps, 1'000'000u);
  EXPECT_EQ(report.eta, Duration(seconds(5)));
}

TEST(Progress, the_rate_forgets_what_is_older_than_its_window) {
  Progress progress(10'000'000, kStart);
  progress.advance(8'000'000);
  progress.report(kStart + milliseconds(100));
  TransferProgress report;
  for (int second = 1; second <= 6; ++second) report = progress.report(kStart + seconds(second));
  EXPECT_EQ(report.rate_bps, 0u);
  EXPECT_FALSE(report.eta.has_value());
}

TEST(Progress, the_largest_and_slowest_transfer_does_not_overflow) {
  Progress progress(kMaxTransferBytes, kStart);
  progress.advance(1);
  auto report = progress.report(kStart + milliseconds(999));
  EXPECT_EQ(report.rate_bps, 1u);
  EXPECT_EQ(report.eta, Duration(seconds(86'400ll * 365 * 100)));
  progress.advance(kMaxTransferBytes);
  report = progress.report(kStart + milliseconds(999));
  EXPECT_EQ(report.eta, Duration(0));
}

TEST(ProgressDeathTest, done_never_decreases_and_never_exceeds_the_total) {
  Progress progress(10, kStart);
  progress.advance(5);
  EXPECT_DEATH(progress.advance(4), "");
  EXPECT_DEATH(progress.advance(11), "");
}

}  // namespace
}  // namespace kith::transfer
