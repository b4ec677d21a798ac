#pragma once

// Invariant: after a death the durable state is an old or a new one and never a third. What a
// restarted engine is given is what its commits came to up to one of them, none of those missing
// that were reported durable; and what was announced as received is there as it was announced.

#include <deque>
#include <map>
#include <string>

#include "sim/checkers/checker.h"
#include "sim/checkers/tree_snapshot.h"
#include "sim/world/device.h"

namespace kith::sim {

class OldOrNewAfterCrash final : public Checker {
 public:
  std::string_view name() const override { return "old_or_new_after_crash"; }

  void on_started(Device& device, Instant at) override;
  void on_input(Device& device, Instant at, const Input& input) override;
  void on_output(Device& device, Instant at, const Output& output) override;

 private:
  struct Watched {
    bool begun = false;
    RestoredState durable;                         // with all commits that were reported durable
    std::deque<StoreCommit> underway;              // in the order they were issued
    std::map<std::string, TreeSnapshot> received;  // by path
  };

  void check_store(Device& device, Instant at, const Watched& watched);
  void check_received(Device& device, Instant at, const Watched& watched);

  std::map<DeviceIndex, Watched> devices_;
};

}  // namespace kith::sim
