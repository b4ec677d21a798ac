#pragma once

// Tells the dials of devices from their other packets: an Initial to a connection id that nobody
// told the device is the first of a connection. Checkers own one each.

#include <map>
#include <set>
#include <vector>

#include "kith/bytes.h"
#include "sim/world/device.h"

namespace kith::sim {

class DialWatch {
 public:
  // To be given everything the observer sees.
  void on_input(const Device& device, const Input& input);
  void on_stopped(const Device& device) { lives_.erase(device.index()); }

  // The first connection ids of the dials that begin in these datagrams.
  std::vector<Bytes> begun(const Device& device, const Transmit& transmit, ByteView bytes);

 private:
  struct Life {
    std::set<Bytes> told;     // ids that others gave, to be sent to
    std::set<Bytes> dialled;  // ids that dials began with
  };
  std::map<DeviceIndex, Life> lives_;
};

}  // namespace kith::sim
