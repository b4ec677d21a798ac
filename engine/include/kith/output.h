#pragma once

// Everything an engine asks of its driver.

#include <cstddef>
#include <string_view>
#include <variant>

#include "kith/address.h"
#include "kith/compute.h"
#include "kith/event.h"
#include "kith/file.h"
#include "kith/ids.h"
#include "kith/network.h"
#include "kith/store.h"
#include "kith/time.h"

namespace kith {

struct OpenSocket {  // -> SocketOpened or SocketFailed
  SocketId socket;
  Address bind;         // port 0: the system chooses
  bool shared = false;  // other programs may be bound to the port as well, as for multicast DNS
};
// What was not sent is dropped; nothing answers.
struct CloseSocket {
  SocketId socket;
};

// Any of these.
using Output = std::variant<OpenSocket, CloseSocket, JoinGroup, LeaveGroup, ResolveHost,
                            StoreCommit, FileStat, FileList, FileOpen, FileRead, FileWrite,
                            FileSync, FileSetAttributes, FileClose, FileRename, FileMakeDirectory,
                            FileSetDirectoryAttributes, FileRemove, DirectorySync, Compute, Event>;

// Datagrams written into the caller's buffer: `size` bytes made of segments of `segment_size`,
// the last possibly shorter, all for one remote (GSO sends them in one call).
struct Transmit {
  SocketId socket;
  Address remote;
  Address source;  // unspecified ip: the system chooses
  std::uint32_t interface = 0;
  Ecn ecn = Ecn::not_ect;
  std::size_t segment_size = 0;
  std::size_t size = 0;
};

// When the engine next wants TimerFired, and which component asked.
struct Wakeup {
  Instant at;
  std::string_view reason;
};

}  // namespace kith
