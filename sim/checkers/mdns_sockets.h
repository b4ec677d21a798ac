#pragma once

// On which of its sockets a device speaks multicast DNS. The remote port does not tell: a NAT may
// give 5353 to whoever speaks QUIC from behind it.

#include <set>
#include <variant>

#include "engine/discovery/mdns/limits.h"
#include "kith/input.h"

namespace kith::sim {

class MdnsSockets {
 public:
  // To be given every input of one life of the device.
  void on_input(const Input& input) {
    const auto* opened = std::get_if<SocketOpened>(&input);
    if (opened != nullptr && opened->local.port == mdns::kPort) sockets_.insert(opened->socket);
  }

  bool contains(SocketId socket) const { return sockets_.contains(socket); }

 private:
  std::set<SocketId> sockets_;
};

}  // namespace kith::sim
