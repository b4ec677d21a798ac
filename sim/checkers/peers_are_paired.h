#pragma once

// Invariant: whom an engine names as its peer is the very device with which it was paired: one of
// the two typed the words that the other showed, and both said yes to the key that is its id.

#include <array>
#include <map>
#include <set>
#include <utility>

#include "sim/checkers/checker.h"
#include "sim/world/device.h"

namespace kith::sim {

class PeersArePaired final : public Checker {
 public:
  std::string_view name() const override { return "peers_are_paired"; }

  void on_input(Device& device, Instant at, const Input& input) override;
  void on_output(Device& device, Instant at, const Output& output) override;

 private:
  using Words = std::array<std::byte, 16>;
  // One device and who it takes for the other.
  using Side = std::pair<DeviceId, DeviceId>;

  void on_words(const Device& device, const PairingCodeReady& ready);
  void note_met(const Words& words);
  void check_met(const Device& device, Instant at, const DeviceId& peer, std::string_view doing);
  void check_paired(const Device& device, Instant at, const DeviceId& peer, std::string_view doing);

  std::map<Words, DeviceId> shown_;
  std::map<Words, std::set<DeviceId>> typed_;
  std::set<Side> met_;       // both sides of everyone who typed another's words
  std::set<Side> accepted_;  // the first said yes to the second
  std::map<std::pair<DeviceIndex, RequestId>, DeviceId> asked_;
};

}  // namespace kith::sim
