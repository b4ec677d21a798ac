#pragma once

// Invariant: what a receiver announces as complete equals what the sender shared: names, types,
// contents, permissions and times; and a file's announced digest is that of its source.

#include "sim/checkers/checker.h"
#include "sim/checkers/transfer_watch.h"

namespace kith::sim {

class PublishedEqualsSource final : public Checker {
 public:
  std::string_view name() const override { return "published_equals_source"; }

  void on_input(Device& device, Instant at, const Input& input) override;
  void on_output(Device& device, Instant at, const Output& output) override;
  void on_rot(Device& device, Instant, const std::string& path) override {
    transfers_.on_rot(device, path);
  }

 private:
  TransferWatch transfers_;
};

}  // namespace kith::sim
