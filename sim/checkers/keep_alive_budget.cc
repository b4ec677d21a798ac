#include "sim/checkers/keep_alive_budget.h"

#include <fmt/core.h>

namespace kith::sim {
namespace {

constexpr std::int64_t kNanosecondsPerMinute = 60'000'000'000;

}  // namespace

KeepAliveBudget::Watched& KeepAliveBudget::at_minute(const Device& device, Instant at) {
  Watched& watched = devices_[device.index()];
  const std::int64_t minute = at.ns / kNanosecondsPerMinute;
  if (minute == watched.minute) return watched;
  watched.busy_before = minute == watched.minute + 1 && watched.busy;
  watched.busy = false;
  watched.minute = minute;
  watched.sent.clear();
  return watched;
}

void KeepAliveBudget::on_started(Device& device, Instant at) { at_minute(device, at).busy = true; }

void KeepAliveBudget::on_input(Device& device, Instant at, const Input& input) {
  if (std::holds_alternative<Command>(input)) at_minute(device, at).busy = true;
}

void KeepAliveBudget::on_output(Device& device, Instant at, const Output&) {
  at_minute(device, at).busy = true;
}

void KeepAliveBudget::on_transmit(Device& device, Instant at, const Transmit& transmit,
                                  ByteView bytes) {
  Watched& watched = at_minute(device, at);
  if (watched.busy || watched.busy_before || transmit.segment_size == 0) return;
  std::uint64_t& sent = watched.sent[transmit.remote];
  sent += (bytes.size() + transmit.segment_size - 1) / transmit.segment_size;
  if (sent <= kMostPerMinute) return;
  violate(device, at,
          fmt::format("had nothing to do and sent {} datagrams within a minute to {}", sent,
                      transmit.remote.to_string()));
}

}  // namespace kith::sim
