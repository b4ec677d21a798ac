#pragma once

// The control stream of one transfer: messages in and out, with the credit of what was read
// returned at once. What a message means is decided by the machine that owns it.

#include <cstddef>
#include <cstdint>
#include <optional>

#include "engine/transfer/codec.h"
#include "engine/transfer/effects.h"
#include "engine/wire/frame.h"

namespace kith::transfer {

enum class ControlFault : std::uint8_t { oversized, malformed };

class Control {
 public:
  Control(Effects& effects, ConnectionId connection, StreamId stream);

  StreamId stream() const { return stream_; }

  // Returns how many bytes it took. Nothing goes out after close().
  std::size_t send(const Message& message);
  void close();
  // The connection is gone: nothing goes out, not even an end.
  void abandon() { closed_ = true; }

  void on_received(ByteView bytes);
  // The next message. After a fault nothing comes any more.
  std::optional<Result<Message, ControlFault>> next();
  // Stops reading: what still arrives is dropped, and its credit returned.
  void ignore() { broken_ = true; }

 private:
  Effects& effects_;
  ConnectionId connection_;
  StreamId stream_;
  wire::FrameReader reader_;
  bool closed_ = false;
  bool broken_ = false;
};

}  // namespace kith::transfer
