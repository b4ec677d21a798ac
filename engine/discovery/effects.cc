#include "engine/discovery/effects.h"

#include <algorithm>

namespace kith::discovery {

std::optional<Transmit> take_for(std::deque<Outgoing>& queue, SocketId socket,
                                 std::span<std::byte> out) {
  for (auto at = queue.begin(); at != queue.end();) {
    if (at->socket != socket) {
      ++at;
      continue;
    }
    const Outgoing next = std::move(*at);
    at = queue.erase(at);
    if (next.bytes.size() > out.size()) continue;
    std::copy(next.bytes.begin(), next.bytes.end(), out.begin());
    Transmit transmit;
    transmit.socket = socket;
    transmit.remote = next.remote;
    transmit.interface = next.interface;
    transmit.segment_size = next.bytes.size();
    transmit.size = next.bytes.size();
    return transmit;
  }
  return std::nullopt;
}

}  // namespace kith::discovery
