#pragma once

// The networks of this machine, as far as finding other devices on them needs to know.

#include <cstdint>
#include <string>
#include <vector>

#include "kith/address.h"
#include "kith/ids.h"
#include "kith/result.h"

namespace kith {

// An address of this machine and how many of its leading bits all machines of that network share.
struct NetworkAddress {
  Address ip;  // port 0; the scope of a link-local IPv6 address is the interface
  std::uint8_t prefix_bits = 0;

  friend bool operator==(const NetworkAddress&, const NetworkAddress&) = default;
};

// One that is up and leads out of this machine.
struct NetworkInterface {
  std::uint32_t index = 0;  // the system's, above 0
  std::string name;         // as the system has it: "eth0"
  bool multicast = false;   // takes and sends multicast
  std::vector<NetworkAddress> addresses;

  friend bool operator==(const NetworkInterface&, const NetworkInterface&) = default;
};

// What networks there are, at start and whenever that changes.
struct NetworkChanged {
  std::vector<NetworkInterface> interfaces;  // all of them
};

// What is sent to a group arrives at a socket that has joined it, on the interface it joined it on.
// An interface that is gone or refuses gives nothing: no answer comes.
struct JoinGroup {
  SocketId socket;
  Address group;  // a multicast address; the port is not looked at
  std::uint32_t interface = 0;
};
// No more.
struct LeaveGroup {
  SocketId socket;
  Address group;
  std::uint32_t interface = 0;
};

struct ResolveHost {  // -> HostResolved
  ResolveId id;
  std::string host;
  std::uint16_t port = 0;
};
// All its addresses with that port; not_found, or io_error if nobody could be asked.
struct HostResolved {
  ResolveId id;
  Result<std::vector<Address>> addresses;
};

}  // namespace kith
