#pragma once

// A checker watches a run and says whether one invariant held. It knows only what observers see and
// what lies on the disks, never how an engine works, and it never changes anything.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "kith/time.h"
#include "sim/world/observer.h"

namespace kith::sim {

class World;

// One violation. `what` is a clause about the device.
struct Violation {
  Instant at;
  DeviceIndex device = 0;
  std::string what;
};

class Checker : public Observer {
 public:
  // Stable, in snake case: it stands in reports.
  virtual std::string_view name() const = 0;

  // The run is over.
  virtual void finish(World&) {}

  bool ok() const { return violations_ == 0; }
  std::uint64_t violations() const { return violations_; }
  // The first violation in a sentence; empty if there was none.
  const std::string& first_violation() const { return first_; }
  // The first kMostKept of them.
  const std::vector<Violation>& kept() const { return kept_; }

  // What goes wrong once often goes wrong with every step after it.
  static constexpr std::size_t kMostKept = 100;

 protected:
  // `what` is a clause about the device: "wrote /inbox/a before it was paired".
  void violate(const Device& device, Instant at, std::string_view what);

 private:
  std::uint64_t violations_ = 0;
  std::string first_;
  std::vector<Violation> kept_;
};

// Every checker there is, in a fixed order.
std::vector<std::unique_ptr<Checker>> all_checkers(World& world);

}  // namespace kith::sim
