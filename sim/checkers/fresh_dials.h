#pragma once

// Invariant: no two dials, of whichever devices and lives, begin with one connection id. It is
// drawn like the keys of the handshake: who repeats it repeats secrets, and nonces with them. What
// is encrypted cannot be seen to repeat from outside, because the packet numbers are hidden with
// it.

#include <set>

#include "kith/bytes.h"
#include "sim/checkers/checker.h"
#include "sim/checkers/dial_watch.h"
#include "sim/world/device.h"

namespace kith::sim {

class FreshDials final : public Checker {
 public:
  std::string_view name() const override { return "fresh_dials"; }

  void on_input(Device& device, Instant, const Input& input) override {
    dials_.on_input(device, input);
  }
  void on_stopped(Device& device, Instant, Ending) override { dials_.on_stopped(device); }
  void on_transmit(Device& device, Instant at, const Transmit& transmit, ByteView bytes) override;

 private:
  DialWatch dials_;
  std::set<Bytes> ids_;
};

}  // namespace kith::sim
