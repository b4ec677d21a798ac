#pragma once

// What `kith send` and `kith message` have in common: they reach for a paired device.

#include <string>
#include <vector>

#include "io/cli/network_command.h"

namespace kith::cli {

class PeerCommand : public NetworkCommand {
 protected:
  using NetworkCommand::NetworkCommand;

  // Finds the device by name or id and takes note of where it may be; then on_ready(), when this
  // device is on the network.
  void find_peer(const std::string& name_or_id, const std::vector<Address>& at);
  virtual void on_ready() = 0;

  const DeviceId& peer() const { return peer_; }

 private:
  DeviceId peer_;
};

}  // namespace kith::cli
