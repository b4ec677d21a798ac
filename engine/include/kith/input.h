#pragma once

// Everything that can change an engine. A recording of inputs and polls replays byte for byte.

#include <array>
#include <cstddef>
#include <cstdint>
#include <variant>

#include "kith/address.h"
#include "kith/bytes.h"
#include "kith/command.h"
#include "kith/compute.h"
#include "kith/file.h"
#include "kith/ids.h"
#include "kith/network.h"
#include "kith/result.h"
#include "kith/store.h"

namespace kith {

// A batch from one remote as GRO or recvmmsg yields it: `bytes` holds datagrams of `stride` bytes
// each, the last possibly shorter. The bytes are borrowed for the call.
struct DatagramsReceived {
  SocketId socket;
  Address local;  // port always set; the ip is unspecified if the system did not tell
  Address remote;
  std::uint32_t interface = 0;
  Ecn ecn = Ecn::not_ect;
  std::size_t stride = 0;
  ByteView bytes;
};
// OpenSocket has succeeded.
struct SocketOpened {
  SocketId socket;
  Address local;
};
struct SocketFailed {  // could not open, or failed later and is closed
  SocketId socket;
  Error error;
};
struct SocketWritable {  // the driver may poll datagrams of this socket again
  SocketId socket;
};
struct TimerFired {};
// The wall clock, at start and whenever it was set; milliseconds since the Unix epoch.
struct WallClock {
  std::int64_t unix_ms = 0;
};
// Fresh randomness from the system, so that a cloned machine does not repeat secrets.
struct Entropy {
  std::array<std::byte, 32> bytes{};
};

// Any of these.
using Input = std::variant<DatagramsReceived, SocketOpened, SocketFailed, SocketWritable,
                           TimerFired, NetworkChanged, WallClock, Entropy, HostResolved,
                           StoreCompleted, FileCompleted, ComputeCompleted, Command>;

}  // namespace kith
