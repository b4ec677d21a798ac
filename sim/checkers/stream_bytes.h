#pragma once

// Invariant: the bytes of an application's streams come once and in order: what an application was
// given of a stream is the beginning of what the peer's wrote to it, and with its end the whole.

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "kith/bytes.h"
#include "sim/checkers/checker.h"
#include "sim/world/device.h"

namespace kith::sim {

class StreamBytes final : public Checker {
 public:
  std::string_view name() const override { return "stream_bytes"; }

  void on_input(Device& device, Instant at, const Input& input) override;
  void on_output(Device& device, Instant at, const Output& output) override;

 private:
  struct Written {
    Bytes bytes;
    bool fin = false;
  };
  // Connections have no name that both sides know. A stream may be any of its number that the peer
  // wrote to on a connection to this device, of which ever fewer remain.
  struct Source {
    DeviceId from;
    DeviceId to;
    std::map<StreamId, Written> streams;
  };
  struct Received {
    std::uint64_t bytes = 0;
    bool fin = false;
    bool begun = false;
    std::vector<const Written*> may_be;
  };
  using Life = std::pair<DeviceIndex, std::uint64_t>;
  using Connection = std::pair<Life, ConnectionId>;

  void on_bytes(Device& device, Instant at, const BytesReceived& received);

  std::map<Connection, Source> connections_;
  std::map<std::pair<Connection, StreamId>, Received> received_;
};

}  // namespace kith::sim
