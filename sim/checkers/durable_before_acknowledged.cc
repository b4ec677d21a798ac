#include "sim/checkers/durable_before_acknowledged.h"

#include <fmt/core.h>

#include "engine/base/text.h"

namespace kith::sim {

void DurableBeforeAcknowledged::on_input(Device& device, Instant, const Input& input) {
  transfers_.on_input(device, input);
}

void DurableBeforeAcknowledged::on_output(Device& device, Instant at, const Output& output) {
  transfers_.on_output(device, output);
  const auto* item = event_in<ItemCompleted>(output);
  if (item == nullptr) return;
  const WatchedShare* const share = transfers_.find(item->transfer);
  if (share == nullptr) return;  // published_equals_source says so
  if (item->direction == TransferDirection::receiving) {
    ++published_[item->transfer];
    return check_durable(device, at, item->path, *share);
  }
  if (++acknowledged_[item->transfer] > published_[item->transfer]) {
    violate(device, at,
            fmt::format("was told that {} is complete before the receiver published it",
                        printable(item->path)));
  }
}

void DurableBeforeAcknowledged::check_durable(const Device& receiver, Instant at,
                                              const std::string& path, const WatchedShare& share) {
  const TreeSnapshot durable = snapshot(receiver.disk(), path, VirtualDisk::View::durable);
  std::string what = "nothing was shared";
  for (const TreeSnapshot& source : share.sources) {
    const auto different = difference(source, durable, /*attributes=*/false);
    if (!different) return;
    what = *different;
  }
  violate(
      receiver, at,
      fmt::format("says that {} is complete, but after a power loss {}", printable(path), what));
}

}  // namespace kith::sim
