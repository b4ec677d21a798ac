#include "sim/checkers/published_equals_source.h"

#include <fmt/core.h>

#include "engine/base/text.h"

namespace kith::sim {

void PublishedEqualsSource::on_input(Device& device, Instant, const Input& input) {
  transfers_.on_input(device, input);
}

void PublishedEqualsSource::on_output(Device& device, Instant at, const Output& output) {
  transfers_.on_output(device, output);
  const auto* item = event_in<ItemCompleted>(output);
  if (item == nullptr || item->direction != TransferDirection::receiving) return;
  const WatchedShare* const share = transfers_.find(item->transfer);
  if (share == nullptr) {
    return violate(device, at,
                   fmt::format("completed {}, which nobody sent", printable(item->path)));
  }
  // A name that was taken was published under another one, so any of the shared paths may be it.
  const TreeSnapshot found = snapshot(device.disk(), item->path);
  std::string what = "nothing was shared";
  for (const TreeSnapshot& source : share->sources) {
    const auto different = difference(source, found, /*attributes=*/true);
    const bool file = source.size() == 1 && source.begin()->second.info.type == FileType::regular;
    if (different) {
      what = *different;
    } else if (file && !source.begin()->second.rotten &&
               source.begin()->second.digest.bytes != item->digest) {
      what = "it was announced with another digest";
    } else {
      return;
    }
  }
  violate(device, at, fmt::format("completed {}, but {}", printable(item->path), what));
}

}  // namespace kith::sim
