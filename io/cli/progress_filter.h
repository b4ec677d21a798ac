#pragma once

// Thins out progress so that it is worth reading: a few times a second, and the end always.

#include <chrono>
#include <map>
#include <optional>

#include "kith/event.h"

namespace kith::cli {

class ProgressFilter {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  // DESIGN section 14: at most 10 a second.
  static constexpr std::chrono::milliseconds kInterval{100};

  // What to show of `progress` now, if anything.
  std::optional<TransferProgress> offer(const TransferProgress& progress, TimePoint now);

  // The transfer is complete: its progress at the end, unless that was shown.
  std::optional<TransferProgress> complete(TransferId transfer, TransferDirection direction,
                                           std::uint64_t bytes);

  // The transfer failed: the last progress it made, unless that was shown.
  std::optional<TransferProgress> abandon(TransferId transfer);

 private:
  struct Seen {
    TransferProgress latest;
    std::optional<TransferProgress> shown;
    TimePoint shown_at;
  };
  std::map<TransferId, Seen> transfers_;
};

}  // namespace kith::cli
