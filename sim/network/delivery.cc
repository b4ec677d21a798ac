// The end of a datagram's way: batches for the node it comes to.

#include <algorithm>

#include "sim/network/headers.h"
#include "sim/network/network.h"

namespace kith::sim {
namespace {

// What Linux puts into one GRO batch: UDP_MAX_SEGMENTS, and the largest IP packet.
constexpr std::size_t kMaxBatchSegments = 64;
constexpr std::size_t kMaxBatchBytes = 65535 - kIpv6UdpHeaders;

}  // namespace

// When the node's card tells of what comes at `at`.
Instant Network::delivery_time(NodeId node, Instant at) const {
  const std::int64_t period = nodes_[node].interface.receive_batch.count();
  if (period == 0) return at;
  // The phase differs between nodes, or all of them would wake together.
  const std::int64_t phase = std::int64_t{node} * 7919 % period;
  const std::int64_t late = (at.ns - phase) % period;
  if (late > 0) at.ns += period - late;
  if (late < 0) at.ns -= late;
  return at;
}

void Network::arrive(NodeId node, PacketId id) {
  const Packet& first = packets_[id];
  if (first.kind == PacketKind::segment) return arrive_segment(node, id);
  const std::size_t stride = first.bytes.size();
  const std::uint64_t hop = argument_of({Place::node, node}, 0);

  // Whatever came at this instant and can share the batch is what happens next.
  bool alone = true;
  if (first.kind == PacketKind::forged) ++counters_.forged;
  for (const ScheduledEvent* next = timeline_.next_at_once();
       next != nullptr && next->target == this; next = timeline_.next_at_once()) {
    const auto next_id = static_cast<PacketId>(next->argument);
    if (argument_of(hop_of(next->argument), 0) != hop) break;
    const Packet& packet = packets_[next_id];
    if (!joins_batch(first, packet, alone ? stride : batch_.size())) break;
    if (alone) batch_.assign(first.bytes.begin(), first.bytes.end());
    alone = false;
    batch_.insert(batch_.end(), packet.bytes.begin(), packet.bytes.end());
    if (packet.kind == PacketKind::forged) ++counters_.forged;
    timeline_.take_next();
    packets_.give_back(next_id);
    if (batch_.size() % stride != 0) break;  // a shorter one ends the batch
  }
  if (alone && tap_) batch_.assign(first.bytes.begin(), first.bytes.end());
  deliver(node, first, stride, alone && !tap_ ? ByteView(first.bytes) : ByteView(batch_));
  packets_.give_back(id);
}

void Network::arrive_segment(NodeId node, PacketId id) {
  const Packet& packet = packets_[id];
  DatagramSink* sink = nodes_[node].segments;
  if (sink == nullptr) return drop(id, counters_.unroutable);
  // The sink may send, and so take other packets, but none moves.
  sink->on_datagrams(timeline_.now(), {packet.destination, packet.source, packet.ecn,
                                       packet.bytes.size(), packet.bytes, packet.interface});
  packets_.give_back(id);
}

void Network::deliver(NodeId node, const Packet& first, std::size_t stride, ByteView bytes) {
  ++counters_.batches;
  counters_.delivered += stride == 0 ? 1 : (bytes.size() + stride - 1) / stride;
  if (tap_) {
    for (std::size_t at = 0; at < batch_.size(); at += stride) {
      tap_(timeline_.now(), node,
           std::span(batch_).subspan(at, std::min(stride, batch_.size() - at)));
    }
  }
  nodes_[node].sink->on_datagrams(timeline_.now(), {first.destination, first.source, first.ecn,
                                                    stride, bytes, first.interface});
}

bool Network::joins_batch(const Packet& first, const Packet& next, std::size_t batch_bytes) const {
  const std::size_t stride = first.bytes.size();
  return next.kind != PacketKind::segment && !next.bytes.empty() && next.bytes.size() <= stride &&
         batch_bytes + next.bytes.size() <= std::min(kMaxBatchBytes, kMaxBatchSegments * stride) &&
         next.ecn == first.ecn && next.interface == first.interface &&
         next.source == first.source && next.destination == first.destination;
}

}  // namespace kith::sim
