#pragma once

// Protocols of an application. It names them in Config::protocols, each by its ALPN, and then
// speaks them with the very verbs of the protocols inside the engine (kith/stream.h), as commands
// and events:
//
//   Connect ---------> PeerConnected | ConnectFailed
//   a peer connects -> PeerConnected (request 0)
//   OpenStream ------> StreamReady            the peer opens one -> StreamOpened
//   StreamWrite -----> the peer's BytesReceived -> StreamCredit, when they are consumed
//   ConnectionClosed ends it, whoever closed it.
//
// Commands about connections of other protocols do nothing. A recording holds the events and
// commands; the application itself is not run again in a replay.

#include <cstdint>
#include <string>
#include <vector>

#include "kith/address.h"
#include "kith/bytes.h"
#include "kith/ids.h"
#include "kith/result.h"
#include "kith/stream.h"

namespace kith {

// Who may speak a protocol. `paired` peers have proven the pairing secret on this connection;
// `anyone` has proven no more than the key that is its id.
enum class Access : std::uint8_t { paired, anyone };

// One protocol of the application, as Config names it.
struct ApplicationProtocol {
  std::string alpn;  // 1 to 64 bytes, such as "example/chat/1"; not that of another protocol
  Access access = Access::paired;
};

// Connections and attempts of one protocol; what comes beyond is refused. Most of what an endpoint
// holds, and never all of it.
inline constexpr std::size_t kMaxApplicationConnections = 1024;
// The application code by which a connection beyond that is closed.
inline constexpr std::uint64_t kTooManyConnections = 0x6b03;

// Connects to a device, also to one that was not paired if `alpn` is for anyone. A paired device is
// reached by its pairing, and proves it; any other presents the key that `device` is, and is shown
// this device's. Cancel ends an attempt. -> PeerConnected or ConnectFailed
struct Connect {
  RequestId request;
  std::string alpn;  // of Config::protocols
  DeviceId device;
  std::vector<Address> addresses;  // tried together with those given by AddDeviceAddress
};

// A connection is there, whoever made it.
struct PeerConnected {
  RequestId request;  // Connect's, or 0 where the peer connected
  ConnectionId connection;
  std::string alpn;
  DeviceId peer;
  bool paired = false;  // `peer` has proven the pairing, not only its key
};
// A Connect has ended without a connection.
struct ConnectFailed {
  RequestId request;
  Error error;  // not_found (no such protocol), permission_denied (not paired, blocked), refused,
                // unreachable, limit_exceeded, cancelled, ...
};
// In order and without gaps. The bytes hold the peer's credit until StreamCredit returns it.
struct BytesReceived {
  ConnectionId connection;
  StreamId stream;
  SharedBytes bytes;
  bool fin = false;  // nothing follows
};

}  // namespace kith
