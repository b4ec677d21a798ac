#pragma once

// Invariant: once nothing goes wrong any more, a transfer that moves is complete within a multiple
// of the time that its bytes take at the rate which the ways between the two devices allow: that of
// the slowest link, or what their delays and losses leave to a sender that shares (Mathis et al.,
// "The macroscopic behavior of the TCP congestion avoidance algorithm", 1997). How long two take to
// find each other again is not judged here.

#include <cstdint>
#include <map>
#include <utility>

#include "sim/checkers/checker.h"
#include "sim/world/device.h"

namespace kith::sim {

class PromptTransfers final : public Checker {
 public:
  // `world` outlives the checker.
  explicit PromptTransfers(World& world) : world_(world) {}

  std::string_view name() const override { return "prompt_transfers"; }

  void on_healed(Instant) override { healed_ = true; }
  void on_output(Device& device, Instant at, const Output& output) override;
  void on_stopped(Device& device, Instant at, Ending ending) override;
  void finish(World& world) override;

  // Other traffic, a connection that has to find a new path or is made anew.
  static constexpr std::int64_t kTimesIdeal = 20;
  static constexpr Duration kGrace = std::chrono::minutes(2);
  // Where neither links nor losses limit it.
  static constexpr std::uint64_t kFastestBps = 20'000'000;

  // Bits per second that two ways with the internet between them allow.
  static std::uint64_t possible_bps(const Hardship& one, const Hardship& other, Duration between);

 private:
  struct Moving {
    Instant since;
    std::uint64_t bytes = 0;  // that were left then
    Duration ideal{};
  };
  using Key = std::pair<DeviceIndex, TransferId>;  // the sender's

  void begin(Device& device, Instant at, const TransferProgress& progress);
  void judge(const Key& key, const Moving& moving, Instant at);

  World& world_;
  bool healed_ = false;
  std::map<Key, DeviceIndex> receivers_;
  std::map<Key, Moving> moving_;
};

}  // namespace kith::sim
