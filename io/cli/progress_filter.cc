#include "io/cli/progress_filter.h"

namespace kith::cli {
namespace {

bool at_end(const TransferProgress& progress) {
  return progress.bytes_done >= progress.bytes_total;
}

}  // namespace

std::optional<TransferProgress> ProgressFilter::offer(const TransferProgress& progress,
                                                      TimePoint now) {
  const auto [found, first] = transfers_.try_emplace(progress.transfer);
  Seen& seen = found->second;
  if (seen.shown && at_end(*seen.shown)) return std::nullopt;
  seen.latest = progress;
  if (!first && !at_end(progress) && now - seen.shown_at < kInterval) return std::nullopt;
  seen.shown_at = now;
  seen.shown = progress;
  return progress;
}

std::optional<TransferProgress> ProgressFilter::complete(TransferId transfer,
                                                         TransferDirection direction,
                                                         std::uint64_t bytes) {
  TransferProgress last;
  last.transfer = transfer;
  last.direction = direction;
  last.bytes_total = bytes;
  if (const auto found = transfers_.find(transfer); found != transfers_.end()) {
    const Seen seen = found->second;
    transfers_.erase(found);
    if (seen.shown && at_end(*seen.shown)) return std::nullopt;
    last = seen.latest;
  }
  last.bytes_done = last.bytes_total;
  last.eta = Duration::zero();
  return last;
}

std::optional<TransferProgress> ProgressFilter::abandon(TransferId transfer) {
  const auto found = transfers_.find(transfer);
  if (found == transfers_.end()) return std::nullopt;
  const Seen seen = found->second;
  transfers_.erase(found);
  if (seen.shown && seen.shown->bytes_done == seen.latest.bytes_done) return std::nullopt;
  return seen.latest;
}

}  // namespace kith::cli
