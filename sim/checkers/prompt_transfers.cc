#include "sim/checkers/prompt_transfers.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "sim/checkers/transfer_watch.h"
#include "sim/world/seconds.h"
#include "sim/world/world.h"

namespace kith::sim {

std::uint64_t PromptTransfers::possible_bps(const Hardship& one, const Hardship& other,
                                            Duration between) {
  std::uint64_t bps = kFastestBps;
  for (const std::uint64_t each : {one.bps, other.bps}) {
    if (each > 0) bps = std::min(bps, each);
  }
  const Duration round_trip = 2 * (one.delay + between + other.delay);
  const std::uint32_t harmed_ppm = one.harmed.value + other.harmed.value;
  if (round_trip <= Duration{} || harmed_ppm == 0) return bps;
  // Square roots and quotients are rounded alike everywhere (IEEE 754).
  const double window_bits = 8 * 1'200 * std::sqrt(1.5 * Ppm::kAlways / harmed_ppm);
  const double shared_bps = window_bits * 1e9 / static_cast<double>(round_trip.count());
  return std::max<std::uint64_t>(1, std::min(bps, static_cast<std::uint64_t>(shared_bps)));
}

void PromptTransfers::on_output(Device& device, Instant at, const Output& output) {
  if (const auto* started = event_in<TransferStarted>(output)) {
    for (DeviceIndex i = 0; i < world_.device_count(); ++i) {
      if (world_.device(i).id() == started->device) {
        receivers_[{device.index(), started->transfer}] = i;
      }
    }
  } else if (const auto* progress = event_in<TransferProgress>(output)) {
    if (progress->direction == TransferDirection::sending) begin(device, at, *progress);
  } else if (const auto* completed = event_in<TransferCompleted>(output)) {
    const auto found = moving_.find({device.index(), completed->transfer});
    if (found == moving_.end()) return;
    judge(found->first, found->second, at);
    moving_.erase(found);
  } else if (const auto* failed = event_in<TransferFailed>(output)) {
    moving_.erase({device.index(), failed->transfer});
  }
}

void PromptTransfers::begin(Device& device, Instant at, const TransferProgress& progress) {
  const Key key{device.index(), progress.transfer};
  if (!healed_ || moving_.contains(key)) return;
  const auto receiver = receivers_.find(key);
  if (receiver == receivers_.end()) return;
  const Network& network = world_.network();
  const auto up = network.hardship(device.node());
  const auto down = network.hardship(world_.device(receiver->second).node());
  if (!up || !down) return;
  const std::uint64_t bps = possible_bps(*up, *down, network.longest_latency());
  const std::uint64_t left = progress.bytes_total - progress.bytes_done;
  constexpr std::uint64_t kBitMicroseconds = 8'000'000;
  const std::chrono::microseconds ideal(static_cast<std::int64_t>(left * kBitMicroseconds / bps));
  moving_.emplace(key, Moving{at, left, ideal});
}

// Who begins anew after a restart moves again when it does.
void PromptTransfers::on_stopped(Device& device, Instant, Ending) {
  std::erase_if(moving_, [&](const auto& entry) {
    return entry.first.first == device.index() || receivers_[entry.first] == device.index();
  });
}

void PromptTransfers::finish(World& world) {
  for (const auto& [key, moving] : moving_) judge(key, moving, world.now());
}

void PromptTransfers::judge(const Key& key, const Moving& moving, Instant at) {
  const Duration took = at - moving.since;
  if (took <= kGrace + kTimesIdeal * moving.ideal) return;
  violate(world_.device(key.first), at,
          fmt::format("needed {} s for the last {} bytes of a transfer, which take {} s",
                      seconds_of(took), moving.bytes, seconds_of(moving.ideal)));
}

}  // namespace kith::sim
