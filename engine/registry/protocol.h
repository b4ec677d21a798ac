#pragma once

// The seam between connections and the protocols that run on them. A protocol is a machine with
// the engine's own verbs: handle() an input, poll_output() until empty, next_wakeup(). It sees
// streams, files and jobs, never packets, keys or addresses, and is registered under one ALPN
// (registry/protocol_registry.h). The core carries its outputs out and routes completions back by
// the owner that EffectIds writes into every id.

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
#include "kith/time.h"

namespace kith {

// Who may speak a protocol. `paired` peers have proven the pairing secret on this connection.
enum class Access : std::uint8_t { paired, anyone };

enum class StreamKind : std::uint8_t { bidirectional, unidirectional };

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
};
struct DialFailed {
  DialId dial;
  Error error;  // refused, unreachable, timed_out, not_found
};
struct ConnectionClosed {  // no input for this connection or its streams follows
  ConnectionId connection;
  Error error;
  std::uint64_t application_code = 0;  // as the closing side gave it, if an application closed
  bool by_application = false;
};
struct StreamOpened {  // by the peer
  ConnectionId connection;
  StreamId stream;
  StreamKind kind = StreamKind::bidirectional;
};
// Answers OpenStream, in the order they were issued; late if the peer's stream limit is reached.
struct StreamReady {
  ConnectionId connection;
  std::uint64_t tag = 0;  // OpenStream's
  StreamId stream;
};
// In order and without gaps. The bytes are borrowed for the call. They hold the peer's credit until
// StreamCredit returns it.
struct StreamReceived {
  ConnectionId connection;
  StreamId stream;
  ByteView bytes;
  bool fin = false;
};
// Fewer than kStreamLowWater bytes of this stream wait to be acknowledged. Comes after a write
// brought it above that mark, and never otherwise.
struct StreamWritable {
  ConnectionId connection;
  StreamId stream;
};
struct StreamReset {  // the peer gave up sending
  ConnectionId connection;
  StreamId stream;
  std::uint64_t code = 0;
};
struct StreamStopped {  // the peer gave up receiving; this side's sending part is reset
  ConnectionId connection;
  StreamId stream;
  std::uint64_t code = 0;
};
struct TimerDue {};

// A stream's low-water mark: with 1 MiB chunks one chunk is on the wire while the next is queued.
inline constexpr std::size_t kStreamLowWater = 1u << 20;

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
};
struct CloseConnection {  // what was written before is not waited for
  ConnectionId connection;
  std::uint64_t code = 0;
  std::string reason;  // at most 64 bytes, no secret
};
struct OpenStream {
  ConnectionId connection;
  StreamKind kind = StreamKind::bidirectional;
  std::uint64_t tag = 0;
};
struct StreamWrite {
  ConnectionId connection;
  StreamId stream;
  SharedBytes data;  // may be empty with `fin`
  bool fin = false;
};
struct StreamCredit {  // `bytes` of what was received are consumed: the peer may send as many more
  ConnectionId connection;
  StreamId stream;
  std::uint64_t bytes = 0;
};
struct ResetStream {
  ConnectionId connection;
  StreamId stream;
  std::uint64_t code = 0;
};
struct StopStream {
  ConnectionId connection;
  StreamId stream;
  std::uint64_t code = 0;
};

using ProtocolOutput =
    std::variant<DialDevice, DialKey, CloseConnection, OpenStream, StreamWrite, StreamCredit,
                 ResetStream, StopStream, StoreCommit, FileStat, FileList, FileOpen, FileRead,
                 FileWrite, FileSync, FileSetAttributes, FileClose, FileRename, FileMakeDirectory,
                 FileSetDirectoryAttributes, FileRemove, DirectorySync, Compute, Event>;

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
