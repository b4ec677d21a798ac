#pragma once

// Invariant: a device that was never paired with anyone asks its disk for no change at all: nothing
// a stranger says reaches the file layer.

#include <set>

#include "sim/checkers/checker.h"
#include "sim/world/device.h"

namespace kith::sim {

class NoUnauthenticatedWrite final : public Checker {
 public:
  std::string_view name() const override { return "no_unauthenticated_write"; }

  void on_output(Device& device, Instant at, const Output& output) override;

 private:
  std::set<DeviceIndex> paired_;
};

}  // namespace kith::sim
