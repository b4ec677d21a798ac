#pragma once

// The seam between connections and the protocols that run on them. A protocol is a machine with
// the engine's own verbs: handle() an input, poll_output() until empty, next_wakeup(). It sees
// streams (kith/stream.h), files and jobs, never packets, keys or addresses, and is registered
// under one ALPN (registry/protocol_registry.h). The core carries its outputs out and routes
// completions back by the owner that EffectIds writes into every id.

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/crypto/identity.h"
#include "kith/compute.h"
#include "kith/event.h"
#include "kith/file.h"
#include "kith/ids.h"
#include "kith/output.h"
#include "kith/store.h"
#include "kith/stream.h"
#include "kith/time.h"

namespace kith {

// An attempt to reach a peer, named by the protocol that asked.
using DialId = NumericId<struct DialTag>;

// Numbers effects. The owner's index stands in the upper 16 bits, so a completion finds its way
// back without a table.
class EffectIds {
 public:
  explicit EffectIds(std::uint16_t owner) : next_(std::uint64_t{owner} << 48) {}

  FileOpId file_op() { return {++next_}; }
  FileHandle file_handle() { return {++next_}; }
  StoreOpId store_op() { return {++next_}; }
  ComputeId compute() { return {++next_}; }
  DialId dial() { return {++next_}; }

  template <class Tag>
  static std::uint16_t owner_of(NumericId<Tag> id) {
    return static_cast<std::uint16_t>(id.value >> 48);
  }

 private:
  std::uint64_t next_;
};

// --- inputs of a protocol -----------------------------------------------------------------------

struct ConnectionOpened {
  ConnectionId connection;
  std::optional<DialId> dial;  // present on the connection that answers a dial of this protocol
  DeviceId peer;               // the paired device, or the raw public key the peer has proven
  DeviceId own_key;            // the raw public key this side presented
  bool paired = false;         // the pairing secret was proven: `peer` is a paired device
  std::array<std::byte, 32> exporter{};  // TLS exporter bound to this connection and its ALPN
  Address remote{};                      // where the connection leads
};
struct DialFailed {
  DialId dial;
  Error error;  // refused, unreachable, timed_out, not_found
};
// In order and without gaps. The bytes are borrowed for the call. They hold the peer's credit until
// StreamCredit returns it.
struct StreamReceived {
  ConnectionId connection;
  StreamId stream;
  ByteView bytes;
  bool fin = false;
};
struct TimerDue {};

using ProtocolInput =
    std::variant<ConnectionOpened, DialFailed, ConnectionClosed, StreamOpened, StreamReady,
                 StreamReceived, StreamWritable, StreamReset, StreamStopped, TimerDue,
                 FileCompleted, StoreCompleted, ComputeCompleted, Command>;

// --- outputs of a protocol ----------------------------------------------------------------------

// Connects to a paired device under this protocol's ALPN, always by a connection of its own: a
// handshake is cheap, and what one share does never holds up another.
// -> ConnectionOpened or DialFailed
struct DialDevice {
  DialId dial;
  DeviceId device;
};
// Connects to a key that is not a paired device, presenting `present`. -> as above
struct DialKey {
  DialId dial;
  std::vector<Address> addresses;  // tried together
  DeviceId expected;               // the raw public key the server must prove
  std::shared_ptr<const KeyPair> present;
  // What seals the addresses that are published under the key; absent where there are none.
  std::optional<std::array<std::byte, 32>> sealing_secret{};
};
// Connects to any device: by its pairing if it is paired; otherwise, where anyone may speak this
// protocol, by raw public keys, this device's own and `device` itself. -> as above
struct DialPeer {
  DialId dial;
  DeviceId device;
  std::vector<Address> addresses;  // tried together with those known of the device
};

using ProtocolOutput =
    std::variant<DialDevice, DialKey, DialPeer, CloseConnection, OpenStream, StreamWrite,
                 AwaitWritable, StreamCredit, ResetStream, StopStream, StoreCommit, FileStat,
                 FileList, FileOpen, FileRead, FileWrite, FileSync, FileSetAttributes, FileClose,
                 FileRename, FileMakeDirectory, FileSetDirectoryAttributes, FileRemove,
                 DirectorySync, Compute, Event>;

class Protocol {
 public:
  virtual ~Protocol() = default;

  virtual void handle(Instant now, const ProtocolInput& input) = 0;
  virtual std::optional<ProtocolOutput> poll_output() = 0;
  virtual std::optional<Wakeup> next_wakeup() const = 0;

  // Fresh entropy for a protocol that draws randomness of its own.
  virtual void mix(ByteView) {}

  // Aborts on a broken invariant.
  virtual void check_invariants() const {}
};

}  // namespace kith
