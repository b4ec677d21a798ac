#include "sim/checkers/dial_watch.h"

#include "sim/checkers/quic_header.h"

namespace kith::sim {
namespace {

Bytes owned(ByteView bytes) { return {bytes.begin(), bytes.end()}; }

}  // namespace

void DialWatch::on_input(const Device& device, const Input& input) {
  const auto* received = std::get_if<DatagramsReceived>(&input);
  if (received == nullptr) return;
  for_each_datagram(received->bytes, received->stride, [&](ByteView datagram) {
    // Packets that share a datagram come from one id.
    if (const auto header = read_long_header(datagram)) {
      lives_[device.index()].told.insert(owned(header->source));
    }
  });
}

std::vector<Bytes> DialWatch::begun(const Device& device, const Transmit& transmit,
                                    ByteView bytes) {
  std::vector<Bytes> begun;
  for_each_datagram(bytes, transmit.segment_size, [&](ByteView datagram) {
    const auto header = read_long_header(datagram);
    if (!header || header->version == 0 || header->type != LongType::initial) return;
    Life& life = lives_[device.index()];
    Bytes id = owned(header->destination);
    if (!life.told.contains(id) && life.dialled.insert(id).second) begun.push_back(std::move(id));
  });
  return begun;
}

}  // namespace kith::sim
