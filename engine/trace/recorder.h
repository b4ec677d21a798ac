#pragma once

// Writes the calls that can change an engine, and what they gave, as canonical records:
//
//   record := kind u8, device u32, instant i64, body
//   started        config, master key, restored state, seed, unix_ms     the constructor
//   input          the input                                             handle()
//   output         1 and the output, or 0 when drained                   poll_output()
//   datagrams      socket, room, max segments, 1 and what was written, or 0   poll_datagrams()
//   stopped        nothing: the engine is gone
//
// Records are self-delimiting, so the stream of a run has one reading. It holds every secret of
// the devices in it.

#include <cstdint>
#include <optional>

#include "engine/trace/encode.h"
#include "engine/trace/encoder.h"
#include "kith/engine.h"

namespace kith::trace {

// Numbers the engines of one stream.
using DeviceIndex = std::uint32_t;

// What the constructor of an engine was given.
struct Start {
  const Config& config;
  const MasterKey& key;
  const RestoredState& restored;
  const Seed& seed;
  std::int64_t unix_ms = 0;
};

class Recorder {
 public:
  explicit Recorder(Sink& sink);

  void started(DeviceIndex device, Instant at, const Start& start);
  void input(DeviceIndex device, Instant at, const Input& input);
  void output(DeviceIndex device, Instant at, const std::optional<Output>& output);
  // `bytes` are those that `transmit` describes.
  void datagrams(DeviceIndex device, Instant at, SocketId socket, std::size_t room,
                 std::size_t max_segments, const std::optional<Transmit>& transmit, ByteView bytes);
  void stopped(DeviceIndex device, Instant at);

  // Hands what is still held back to the sink.
  void flush() { encoder_.flush(); }

 private:
  enum class Kind : std::uint8_t { started = 1, input = 2, output = 3, datagrams = 4, stopped = 5 };

  void begin(Kind kind, DeviceIndex device, Instant at);

  Encoder encoder_;
};

}  // namespace kith::trace
