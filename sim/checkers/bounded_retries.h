#pragma once

// Invariant: who does not get on tries again ever more seldom, not in circles: addresses are
// dialled so many times a minute at most, a share begins one transfer at most, and a transfer is
// offered once.

#include <cstdint>
#include <map>
#include <set>

#include "sim/checkers/checker.h"
#include "sim/checkers/dial_watch.h"
#include "sim/world/device.h"

namespace kith::sim {

class BoundedRetries final : public Checker {
 public:
  std::string_view name() const override { return "bounded_retries"; }

  void on_input(Device& device, Instant at, const Input& input) override;
  void on_output(Device& device, Instant at, const Output& output) override;
  void on_stopped(Device& device, Instant at, Ending ending) override;
  void on_transmit(Device& device, Instant at, const Transmit& transmit, ByteView bytes) override;

  // Dials of one address within a minute that no person asked for. An engine that waits twice as
  // long each time, from a second on, dials six times; each dial may take a hello for every way to
  // prove itself; and now and then it gets through and begins anew.
  static constexpr std::uint64_t kMostDialsPerMinute = 60;
  // Each command that may dial allows so many more.
  static constexpr std::uint64_t kDialsPerCommand = 4;

 private:
  struct Watched {
    std::int64_t minute = 0;
    std::map<Address, std::uint64_t> dials;  // in this minute
    std::uint64_t commands = 0;              // in this minute
    std::uint64_t shares = 0;
    std::uint64_t transfers = 0;
    std::set<TransferId> offered;  // in this life
  };

  Watched& at_minute(const Device& device, Instant at);

  DialWatch dials_;
  std::map<DeviceIndex, Watched> devices_;
};

}  // namespace kith::sim
