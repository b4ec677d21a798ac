#include "sim/checkers/bounded_retries.h"

#include <fmt/core.h>

#include "sim/checkers/transfer_watch.h"

namespace kith::sim {
namespace {

constexpr std::int64_t kNanosecondsPerMinute = 60'000'000'000;

}  // namespace

BoundedRetries::Watched& BoundedRetries::at_minute(const Device& device, Instant at) {
  Watched& watched = devices_[device.index()];
  const std::int64_t minute = at.ns / kNanosecondsPerMinute;
  if (minute != watched.minute) {
    watched.minute = minute;
    watched.dials.clear();
    watched.commands = 0;
  }
  return watched;
}

void BoundedRetries::on_input(Device& device, Instant at, const Input& input) {
  dials_.on_input(device, input);
  if (!std::holds_alternative<Command>(input)) return;
  Watched& watched = at_minute(device, at);
  ++watched.commands;
  if (command_in<ShareWithDevice>(input) != nullptr) ++watched.shares;
}

void BoundedRetries::on_output(Device& device, Instant at, const Output& output) {
  if (event_in<TransferStarted>(output) != nullptr) {
    Watched& watched = devices_[device.index()];
    if (++watched.transfers > watched.shares) {
      violate(device, at,
              fmt::format("began {} transfers for {} shares", watched.transfers, watched.shares));
    }
  } else if (const auto* offered = event_in<TransferOffered>(output)) {
    if (!devices_[device.index()].offered.insert(offered->transfer).second) {
      violate(device, at, "offers a transfer for the second time");
    }
  }
}

void BoundedRetries::on_stopped(Device& device, Instant, Ending) {
  dials_.on_stopped(device);
  devices_[device.index()].offered.clear();
}

void BoundedRetries::on_transmit(Device& device, Instant at, const Transmit& transmit,
                                 ByteView bytes) {
  const std::size_t begun = dials_.begun(device, transmit, bytes).size();
  if (begun == 0) return;
  Watched& watched = at_minute(device, at);
  std::uint64_t& dials = watched.dials[transmit.remote];
  dials += begun;
  if (dials <= kMostDialsPerMinute + kDialsPerCommand * watched.commands) return;
  violate(device, at,
          fmt::format("dialled {} {} times within a minute", transmit.remote.to_string(), dials));
}

}  // namespace kith::sim
