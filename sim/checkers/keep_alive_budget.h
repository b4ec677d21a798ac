#pragma once

// Invariant: a device that has nothing to do sends next to nothing: within a minute in which, and
// before which, no command came, nothing happened and nothing was written, each address that it
// keeps a connection to gets a few datagrams at most.

#include <cstdint>
#include <map>

#include "sim/checkers/checker.h"
#include "sim/world/device.h"

namespace kith::sim {

class KeepAliveBudget final : public Checker {
 public:
  std::string_view name() const override { return "keep_alive_budget"; }

  void on_input(Device& device, Instant at, const Input& input) override;
  void on_output(Device& device, Instant at, const Output& output) override;
  void on_started(Device& device, Instant at) override;
  void on_transmit(Device& device, Instant at, const Transmit& transmit, ByteView bytes) override;

  // Of datagrams to one address. A connection is kept alive six times a minute from either side,
  // which makes twelve with the answers; there may be one for each protocol and direction, and some
  // are lost and sent again.
  static constexpr std::uint64_t kMostPerMinute = 120;

 private:
  struct Watched {
    std::int64_t minute = 0;
    bool busy = true;                       // in this minute
    bool busy_before = true;                // in the minute before
    std::map<Address, std::uint64_t> sent;  // in this minute, while it was quiet
  };

  Watched& at_minute(const Device& device, Instant at);

  std::map<DeviceIndex, Watched> devices_;
};

}  // namespace kith::sim
