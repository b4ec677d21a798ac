#pragma once

// What finding devices asks of the engine around it.

#include <array>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "engine/crypto/identity.h"
#include "kith/discovery.h"
#include "kith/input.h"
#include "kith/network.h"
#include "kith/output.h"
#include "kith/time.h"

namespace kith::discovery {

// A paired device.
struct Peer {
  DeviceId id;
  std::string name;
  std::optional<VisibilityKey> visibility_key;  // none of one that paired before there were any
};

// A source says where somebody is: a device, or the key that two people meet under. Everything it
// knows; nothing any more if there are no addresses.
struct Sighting {
  DeviceId who;
  AddressSource source = AddressSource::mdns;
  std::vector<Address> addresses;
  Duration life = Duration::max();
};
// Somebody on the LAN who is none of the paired devices.
struct Stranger {
  std::string name;
  std::vector<Address> addresses;
};

using Effect = std::variant<OpenSocket, CloseSocket, JoinGroup, LeaveGroup, ResolveHost,
                            StoreCommit, Sighting, Stranger>;

// How the parts get names for what they open; a socket only while there is room for one.
struct Naming {
  std::function<std::optional<SocketId>(const Address& bind)> socket;
  std::function<StoreOpId()> store_op;
  std::function<ResolveId()> resolve;
};

// A datagram that waits for its socket.
struct Outgoing {
  SocketId socket;
  Address remote;
  std::uint32_t interface = 0;
  Bytes bytes;
};

// The next datagram for a socket, written to `out`; those that are too long for it are dropped.
std::optional<Transmit> take_for(std::deque<Outgoing>& queue, SocketId socket,
                                 std::span<std::byte> out);

}  // namespace kith::discovery
