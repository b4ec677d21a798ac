#pragma once

// Invariant: what a receiver announces as complete would be there after a power loss at that
// instant, names and contents; and a sender is told of no item before that.

#include <map>
#include <string>

#include "sim/checkers/checker.h"
#include "sim/checkers/transfer_watch.h"

namespace kith::sim {

class DurableBeforeAcknowledged final : public Checker {
 public:
  std::string_view name() const override { return "durable_before_acknowledged"; }

  void on_input(Device& device, Instant at, const Input& input) override;
  void on_output(Device& device, Instant at, const Output& output) override;
  void on_rot(Device& device, Instant, const std::string& path) override {
    transfers_.on_rot(device, path);
  }

 private:
  void check_durable(const Device& receiver, Instant at, const std::string& path,
                     const WatchedShare& share);

  TransferWatch transfers_;
  std::map<TransferId, std::size_t> published_;     // items the receiver announced
  std::map<TransferId, std::size_t> acknowledged_;  // items the sender was told of
};

}  // namespace kith::sim
