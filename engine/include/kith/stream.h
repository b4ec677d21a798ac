#pragma once

// Connections and streams as every protocol sees them: the protocols inside the engine
// (engine/registry/protocol.h) and those of an application (kith/application.h). Streams are QUIC's
// (RFC 9000 section 2), with credit both ways: what is received holds the peer's credit until it is
// returned, and StreamWritable paces what is sent.

#include <cstddef>
#include <cstdint>
#include <string>

#include "kith/bytes.h"
#include "kith/ids.h"
#include "kith/result.h"

namespace kith {

// Whether both sides write, or only the one that opened it.
enum class StreamKind : std::uint8_t { bidirectional, unidirectional };

// A stream's low-water mark: with 1 MiB chunks one chunk is on the wire while the next is queued.
inline constexpr std::size_t kStreamLowWater = 1u << 20;

// --- what happens -------------------------------------------------------------------------------

struct ConnectionClosed {  // nothing about this connection or its streams follows
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
// Fewer than kStreamLowWater bytes of this stream wait to be acknowledged. Comes after a write
// brought it above that mark or after AwaitWritable, and never otherwise.
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

// --- what is asked ------------------------------------------------------------------------------
// About a connection or stream that is gone it does nothing. To write after `fin`, to write or
// reset what only the peer may, or to return more credit than was received is a programmer's error.

struct CloseConnection {  // what was written before is not waited for
  ConnectionId connection;
  std::uint64_t code = 0;
  std::string reason;  // at most 64 bytes, no secret
};
// -> StreamReady, when the peer allows one more.
struct OpenStream {
  ConnectionId connection;
  StreamKind kind = StreamKind::bidirectional;
  std::uint64_t tag = 0;
};
// Sends bytes after those written before.
struct StreamWrite {
  ConnectionId connection;
  StreamId stream;
  SharedBytes data;  // may be empty with `fin`
  bool fin = false;
};
// -> StreamWritable, at once if the stream is below its mark. For those who write less than
// kStreamLowWater at a time, and so cannot know whether they brought it above.
struct AwaitWritable {
  ConnectionId connection;
  StreamId stream;
};
struct StreamCredit {  // `bytes` of what was received are consumed: the peer may send as many more
  ConnectionId connection;
  StreamId stream;
  std::uint64_t bytes = 0;
};
// Gives up sending: the peer is told the code.
struct ResetStream {
  ConnectionId connection;
  StreamId stream;
  std::uint64_t code = 0;
};
// Gives up receiving: the peer is told the code.
struct StopStream {
  ConnectionId connection;
  StreamId stream;
  std::uint64_t code = 0;
};

}  // namespace kith
