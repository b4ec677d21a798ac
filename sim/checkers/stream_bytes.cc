#include "sim/checkers/stream_bytes.h"

#include <fmt/core.h>

#include <algorithm>

#include "sim/checkers/transfer_watch.h"

namespace kith::sim {

void StreamBytes::on_input(Device& device, Instant, const Input& input) {
  const auto* write = command_in<StreamWrite>(input);
  if (write == nullptr) return;
  const auto found = connections_.find({{device.index(), device.lives()}, write->connection});
  if (found == connections_.end()) return;
  Written& written = found->second.streams[write->stream];
  const ByteView bytes = write->data.view();
  written.bytes.insert(written.bytes.end(), bytes.begin(), bytes.end());
  written.fin = written.fin || write->fin;
}

void StreamBytes::on_output(Device& device, Instant at, const Output& output) {
  if (const auto* connected = event_in<PeerConnected>(output)) {
    connections_[{{device.index(), device.lives()}, connected->connection}] = {
        device.id(), connected->peer, {}};
  } else if (const auto* received = event_in<BytesReceived>(output)) {
    on_bytes(device, at, *received);
  }
}

void StreamBytes::on_bytes(Device& device, Instant at, const BytesReceived& received) {
  const Connection connection{{device.index(), device.lives()}, received.connection};
  const auto own = connections_.find(connection);
  if (own == connections_.end()) {
    return violate(device, at, "has bytes of a connection that it was not told of");
  }
  Received& stream = received_[{connection, received.stream}];
  if (stream.fin) return violate(device, at, "has bytes of a stream after its end");
  if (!stream.begun) {
    for (const auto& [key, source] : connections_) {
      const auto written = source.streams.find(received.stream);
      const bool fits = source.from == own->second.to && source.to == device.id();
      if (fits && written != source.streams.end()) stream.may_be.push_back(&written->second);
    }
    stream.begun = true;
  }
  const ByteView bytes = received.bytes.view();
  const auto differs = [&](const Written* written) {
    const std::uint64_t end = stream.bytes + bytes.size();
    if (end > written->bytes.size()) return true;
    if (received.fin && (!written->fin || end != written->bytes.size())) return true;
    const auto from = written->bytes.begin() + static_cast<std::ptrdiff_t>(stream.bytes);
    return !std::equal(bytes.begin(), bytes.end(), from);
  };
  std::erase_if(stream.may_be, differs);
  if (stream.may_be.empty()) {
    violate(device, at,
            fmt::format("has {} bytes after {} of stream {} that its peer did not write there",
                        bytes.size(), stream.bytes, received.stream.value));
  }
  stream.bytes += bytes.size();
  stream.fin = received.fin;
}

}  // namespace kith::sim
