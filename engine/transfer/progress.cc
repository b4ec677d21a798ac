#include "engine/transfer/progress.h"

#include <algorithm>

#include "engine/base/check.h"
#include "engine/transfer/limits.h"

namespace kith::transfer {

// Milliseconds keep every product below 2^64.
static_assert(kMaxTransferBytes <= (std::uint64_t{1} << 53));

Progress::Progress(std::uint64_t bytes_total, Instant started)
    : bytes_total_(bytes_total), reported_at_(started), samples_{{started, 0}} {}

void Progress::advance(std::uint64_t bytes_done) {
  KITH_CHECK(bytes_done >= bytes_done_ && bytes_done <= bytes_total_);
  bytes_done_ = bytes_done;
}

Instant Progress::due() const {
  return reported_at_ + (bytes_done_ == reported_bytes_ ? kStallReportInterval : kReportInterval);
}

TransferProgress Progress::report(Instant now) {
  samples_.push_back({now, bytes_done_});
  while (samples_.size() > 2 && samples_[1].at + kRateWindow <= now) samples_.pop_front();
  const auto elapsed = now - samples_.front().at;
  const auto elapsed_ms = static_cast<std::uint64_t>(std::max<std::int64_t>(
      1, std::chrono::duration_cast<std::chrono::milliseconds>(elapsed).count()));

  TransferProgress progress;
  progress.bytes_done = bytes_done_;
  progress.bytes_total = bytes_total_;
  progress.rate_bps = (bytes_done_ - samples_.front().bytes) * 1000 / elapsed_ms;
  if (progress.rate_bps > 0) {
    const auto left_ms = (bytes_total_ - bytes_done_) * 1000 / progress.rate_bps;
    constexpr std::uint64_t kLongestMs = 100ull * 365 * 86'400 * 1000;  // a century
    progress.eta = std::chrono::milliseconds(std::min(left_ms, kLongestMs));
  }
  reported_bytes_ = bytes_done_;
  reported_at_ = now;
  return progress;
}

}  // namespace kith::transfer
