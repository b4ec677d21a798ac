// A datagram of the DHT: what is read can be written, and read again as the same.

#include <cstdint>
#include <cstdlib>

#include "engine/discovery/dht/krpc.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto message = kith::dht::decode(std::as_bytes(std::span(data, size)));
  if (!message) return 0;
  const auto again = kith::dht::decode(kith::dht::encode(*message));
  if (!again || *again != *message) std::abort();
  return 0;
}
