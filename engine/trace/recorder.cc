#include "engine/trace/recorder.h"

namespace kith::trace {

Recorder::Recorder(Sink& sink) : encoder_(sink) { encoder_.u32(kEncodingVersion); }

void Recorder::begin(Kind kind, DeviceIndex device, Instant at) {
  encoder_.u8(static_cast<std::uint8_t>(kind));
  encoder_.u32(device);
  encoder_.i64(at.ns);
}

void Recorder::started(DeviceIndex device, Instant at, const Start& start) {
  begin(Kind::started, device, at);
  encode(encoder_, start.config);
  encoder_.fixed(start.key.bytes);
  encode(encoder_, start.restored);
  encoder_.fixed(start.seed);
  encoder_.i64(start.unix_ms);
}

void Recorder::input(DeviceIndex device, Instant at, const Input& input) {
  begin(Kind::input, device, at);
  encode(encoder_, input);
}

void Recorder::output(DeviceIndex device, Instant at, const std::optional<Output>& output) {
  begin(Kind::output, device, at);
  encoder_.boolean(output.has_value());
  if (output) encode(encoder_, *output);
}

void Recorder::datagrams(DeviceIndex device, Instant at, SocketId socket, std::size_t room,
                         std::size_t max_segments, const std::optional<Transmit>& transmit,
                         ByteView bytes) {
  begin(Kind::datagrams, device, at);
  encoder_.u64(socket.value);
  encoder_.u64(room);
  encoder_.u64(max_segments);
  encoder_.boolean(transmit.has_value());
  if (!transmit) return;
  encode(encoder_, *transmit);
  encoder_.bytes(bytes);
}

void Recorder::stopped(DeviceIndex device, Instant at) { begin(Kind::stopped, device, at); }

}  // namespace kith::trace
