#pragma once

// How far a transfer is, when to say so, and how fast it goes.

#include <cstdint>
#include <deque>
#include <optional>

#include "kith/event.h"
#include "kith/time.h"

namespace kith::transfer {

// Ten reports a second are as many as a person can read.
inline constexpr Duration kReportInterval = std::chrono::milliseconds(100);
// Without news a report still comes once a second, so that a stall shows as a falling rate.
inline constexpr Duration kStallReportInterval = std::chrono::seconds(1);
// The rate is the mean over this much: long enough to be calm, short enough to follow a change.
inline constexpr Duration kRateWindow = std::chrono::seconds(4);

class Progress {
 public:
  Progress(std::uint64_t bytes_total, Instant started);

  std::uint64_t bytes_done() const { return bytes_done_; }
  std::uint64_t bytes_total() const { return bytes_total_; }

  // Not less than before and not more than the total.
  void advance(std::uint64_t bytes_done);

  // When report() will next have something to say.
  Instant due() const;
  bool is_due(Instant now) const { return now >= due(); }

  // Bytes done, rate and time left as of now. The caller fills in whose they are.
  TransferProgress report(Instant now);

 private:
  struct Sample {
    Instant at;
    std::uint64_t bytes = 0;
  };

  std::uint64_t bytes_total_;
  std::uint64_t bytes_done_ = 0;
  std::uint64_t reported_bytes_ = 0;
  Instant reported_at_;
  std::deque<Sample> samples_;  // one for each report of the window, and the one before it
};

}  // namespace kith::transfer
