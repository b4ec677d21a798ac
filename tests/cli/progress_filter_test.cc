#include "io/cli/progress_filter.h"

#include <gtest/gtest.h>

namespace kith::cli {
namespace {

using namespace std::chrono_literals;
using TimePoint = ProgressFilter::TimePoint;

constexpr TransferId kTransfer{};
constexpr auto kSending = TransferDirection::sending;

TransferProgress at(std::uint64_t done, std::uint64_t total = 100);

TEST(ProgressFilter, shows_ten_a_second_at_most) {
  ProgressFilter filter;
  int shown = 0;
  for (unsigned ms = 0; ms < 10'000; ++ms) {
    if (filter.offer(at(ms, 10'001), TimePoint(std::chrono::milliseconds(ms)))) ++shown;
  }
  EXPECT_EQ(shown, 100);
}

TEST(ProgressFilter, the_end_is_shown_at_once_and_only_once) {
  ProgressFilter filter;
  EXPECT_TRUE(filter.offer(at(50), TimePoint(0ms)));
  EXPECT_TRUE(filter.offer(at(100), TimePoint(1ms)));
  EXPECT_FALSE(filter.offer(at(100), TimePoint(200ms)));
  EXPECT_FALSE(filter.complete(kTransfer, kSending, 100));
}

TEST(ProgressFilter, an_end_that_was_never_offered_is_made_up) {
  ProgressFilter filter;
  EXPECT_TRUE(filter.offer(at(50), TimePoint(0ms)));
  const auto last = filter.complete(kTransfer, kSending, 100);
  ASSERT_TRUE(last);
  EXPECT_EQ(last->bytes_done, 100u);
  EXPECT_EQ(last->bytes_total, 100u);
}

TEST(ProgressFilter, a_transfer_too_short_for_progress_still_ends) {
  ProgressFilter filter;
  const auto last = filter.complete(kTransfer, kSending, 7);
  ASSERT_TRUE(last);
  EXPECT_EQ(last->bytes_done, 7u);
}

TEST(ProgressFilter, what_was_withheld_is_shown_when_a_transfer_fails) {
  ProgressFilter filter;
  EXPECT_TRUE(filter.offer(at(50), TimePoint(0ms)));
  EXPECT_FALSE(filter.offer(at(60), TimePoint(1ms)));
  const auto last = filter.abandon(kTransfer);
  ASSERT_TRUE(last);
  EXPECT_EQ(last->bytes_done, 60u);
  EXPECT_FALSE(filter.abandon(kTransfer));
}

TEST(ProgressFilter, transfers_do_not_hide_each_other) {
  ProgressFilter filter;
  EXPECT_TRUE(filter.offer(at(50), TimePoint(0ms)));
  TransferProgress other = at(10);
  other.transfer.bytes.fill(std::byte{1});
  EXPECT_TRUE(filter.offer(other, TimePoint(1ms)));
}

TransferProgress at(std::uint64_t done, std::uint64_t total) {
  TransferProgress progress;
  progress.transfer = kTransfer;
  progress.bytes_done = done;
  progress.bytes_total = total;
  return progress;
}

}  // namespace
}  // namespace kith::cli
