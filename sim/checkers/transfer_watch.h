#pragma once

// Follows transfers from what passes in and out of devices: what was shared, under which id, and
// what the source looked like when it was shared. Checkers own one each.

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "kith/ids.h"
#include "sim/checkers/tree_snapshot.h"
#include "sim/world/device.h"

namespace kith::sim {

struct WatchedShare {
  DeviceIndex from = 0;
  DeviceId to;
  std::vector<std::string> paths;
  std::vector<TreeSnapshot> sources;  // one for each path; what rotted after it was shared says so
};

class TransferWatch {
 public:
  // To be given everything the observer sees.
  void on_input(Device& device, const Input& input);
  void on_output(Device& device, const Output& output);
  void on_rot(const Device& device, const std::string& path);

  // Null if no such transfer was seen to start.
  const WatchedShare* find(TransferId transfer) const;

  // Everything that was shared with a device.
  std::vector<const WatchedShare*> shares_with(const DeviceId& device) const;

 private:
  std::map<std::pair<DeviceIndex, RequestId>, WatchedShare> shares_;
  std::map<TransferId, std::pair<DeviceIndex, RequestId>> transfers_;
};

// The event in an output, if it is one and of this kind.
template <class E>
const E* event_in(const Output& output) {
  const auto* event = std::get_if<Event>(&output);
  return event == nullptr ? nullptr : std::get_if<E>(event);
}

// The command in an input, if it is one and of this kind.
template <class C>
const C* command_in(const Input& input) {
  const auto* command = std::get_if<Command>(&input);
  return command == nullptr ? nullptr : std::get_if<C>(command);
}

}  // namespace kith::sim
