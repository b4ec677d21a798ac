#include "sim/checkers/fresh_dials.h"

namespace kith::sim {

void FreshDials::on_transmit(Device& device, Instant at, const Transmit& transmit, ByteView bytes) {
  for (Bytes& id : dials_.begun(device, transmit, bytes)) {
    if (ids_.insert(std::move(id)).second) continue;
    violate(device, at, "began a connection with an id that was used before");
  }
}

}  // namespace kith::sim
