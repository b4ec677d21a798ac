#include "sim/network/network.h"

#include <algorithm>
#include <utility>

#include "engine/base/check.h"

namespace kith::sim {
namespace {

// A UDP payload with its headers: RFC 791, RFC 8200, RFC 768.
constexpr std::size_t kIpv4UdpHeaders = 20 + 8;
constexpr std::size_t kIpv6UdpHeaders = 40 + 8;

// What Linux puts into one GRO batch: UDP_MAX_SEGMENTS, and the largest IP packet.
constexpr std::size_t kMaxBatchSegments = 64;
constexpr std::size_t kMaxBatchBytes = 65535 - kIpv6UdpHeaders;

std::size_t headers_of(const Address& address) {
  return address.family == Address::Family::ipv4 ? kIpv4UdpHeaders : kIpv6UdpHeaders;
}

void flip_bit(std::span<std::byte> bytes, std::uint32_t drawn) {
  if (bytes.empty()) return;
  const std::size_t bit = drawn % (bytes.size() * 8);
  bytes[bit / 8] ^= static_cast<std::byte>(1u << (bit % 8));
}

}  // namespace

NodeId Network::add_node(DatagramSink& sink, const InterfaceSpec& interface) {
  Node& node = nodes_.emplace_back();
  node.sink = &sink;
  node.interface = interface;
  return static_cast<NodeId>(nodes_.size() - 1);
}

void Network::add_address(NodeId node, const Address& address) {
  Address ip = address;
  ip.port = 0;
  nodes_[node].addresses.push_back(ip);
}

LinkId Network::connect(NodeId from, NodeId to, const LinkSpec& spec) {
  const auto id = static_cast<LinkId>(ends_.size());
  ends_.push_back({Link(spec, random_.fork("link", id)), to});
  std::vector<Route>& routes = nodes_[from].routes;
  for (const Address& address : nodes_[to].addresses) {
    const Route added{key_of(address), id};
    const auto place =
        std::lower_bound(routes.begin(), routes.end(), added,
                         [](const Route& left, const Route& right) { return left.to < right.to; });
    routes.insert(place, added);
  }
  return id;
}

bool Network::can_send(NodeId id) const {
  const Node& node = nodes_[id];
  const Duration full = transmission_time(node.interface.queue_bytes, node.interface.rate_bps);
  return node.free_at <= timeline_.now() || node.free_at - timeline_.now() < full;
}

Instant Network::room_at(NodeId id) const {
  const Node& node = nodes_[id];
  // Half empty, so that a sender wakes for many datagrams and not for one.
  const Duration half = transmission_time(node.interface.queue_bytes / 2, node.interface.rate_bps);
  return std::max(timeline_.now(), node.free_at - half);
}

void Network::send(NodeId from, const Address& source, const Address& destination, Ecn ecn,
                   ByteView bytes) {
  ++counters_.sent;
  Node& node = nodes_[from];
  const std::size_t packet_bytes = bytes.size() + headers_of(destination);
  node.free_at = std::max(node.free_at, timeline_.now()) +
                 transmission_time(packet_bytes, node.interface.rate_bps);
  LinkEnd* const end = route(node, destination);
  if (end == nullptr) {
    ++counters_.unroutable;
    return;
  }
  Transit transit;
  if (!count_fate(end->link.admit(node.free_at, packet_bytes, transit))) return;

  const PacketId id = packets_.take();
  Packet& packet = packets_[id];
  packet.source = source;
  packet.destination = destination;
  packet.to = end->to;
  packet.ecn = ecn;
  packet.bytes.assign(bytes.begin(), bytes.end());
  if (transit.duplicate_arrives) {
    ++counters_.duplicated;
    schedule_arrival(*transit.duplicate_arrives, copy_of(id));
  }
  if (transit.flipped_bit) {
    ++counters_.corrupted;
    flip_bit(packet.bytes, *transit.flipped_bit);
  }
  schedule_arrival(transit.arrives, id);
}

void Network::on_event(Instant now, std::uint64_t argument) {
  const auto id = static_cast<PacketId>(argument);
  const Packet& first = packets_[id];
  const std::size_t stride = first.bytes.size();

  // Whatever came at this instant and can share the batch stands next in the heap.
  bool alone = true;
  for (const ScheduledEvent* next = timeline_.next();
       next != nullptr && next->at == now && next->target == this; next = timeline_.next()) {
    const auto next_id = static_cast<PacketId>(next->argument);
    const Packet& packet = packets_[next_id];
    if (!joins_batch(first, packet, alone ? stride : batch_.size())) break;
    if (alone) batch_.assign(first.bytes.begin(), first.bytes.end());
    alone = false;
    batch_.insert(batch_.end(), packet.bytes.begin(), packet.bytes.end());
    timeline_.take_next();
    packets_.give_back(next_id);
    if (batch_.size() % stride != 0) break;  // a shorter one ends the batch
  }
  if (alone && tap_) batch_.assign(first.bytes.begin(), first.bytes.end());
  deliver(now, first, stride, alone && !tap_ ? ByteView(first.bytes) : ByteView(batch_));
  packets_.give_back(id);
}

void Network::deliver(Instant now, const Packet& first, std::size_t stride, ByteView bytes) {
  ++counters_.batches;
  counters_.delivered += stride == 0 ? 1 : (bytes.size() + stride - 1) / stride;
  if (tap_) {
    for (std::size_t at = 0; at < batch_.size(); at += stride) {
      tap_(now, first.to, std::span(batch_).subspan(at, std::min(stride, batch_.size() - at)));
    }
  }
  nodes_[first.to].sink->on_datagrams(now,
                                      {first.destination, first.source, first.ecn, stride, bytes});
}

bool Network::joins_batch(const Packet& first, const Packet& next, std::size_t batch_bytes) const {
  const std::size_t stride = first.bytes.size();
  return next.to == first.to && !next.bytes.empty() && next.bytes.size() <= stride &&
         batch_bytes + next.bytes.size() <= std::min(kMaxBatchBytes, kMaxBatchSegments * stride) &&
         next.ecn == first.ecn && next.source == first.source &&
         next.destination == first.destination;
}

PacketId Network::copy_of(PacketId original) {
  const PacketId id = packets_.take();
  packets_[id] = packets_[original];
  return id;
}

void Network::schedule_arrival(Instant at, PacketId packet) {
  const NodeId to = packets_[packet].to;
  const std::int64_t period = nodes_[to].interface.receive_batch.count();
  if (period > 0) {
    // The phase differs between nodes, or all of them would wake together.
    const std::int64_t phase = std::int64_t{to} * 7919 % period;
    const std::int64_t late = (at.ns - phase) % period;
    if (late > 0) at.ns += period - late;
    if (late < 0) at.ns -= late;
  }
  timeline_.schedule(at, *this, packet);
}

bool Network::count_fate(Fate fate) {
  switch (fate) {
    case Fate::carried:
      return true;
    case Fate::down:
      ++counters_.link_down;
      return false;
    case Fate::too_big:
      ++counters_.too_big;
      return false;
    case Fate::queue_full:
      ++counters_.queue_full;
      return false;
    case Fate::lost:
      ++counters_.lost;
      return false;
  }
  return false;
}

Network::LinkEnd* Network::route(const Node& node, const Address& destination) {
  const IpKey key = key_of(destination);
  const auto found =
      std::lower_bound(node.routes.begin(), node.routes.end(), key,
                       [](const Route& route, const IpKey& wanted) { return route.to < wanted; });
  if (found == node.routes.end() || found->to != key) return nullptr;
  return &ends_[found->link];
}

Network::IpKey Network::key_of(const Address& address) {
  const auto word = [&address](std::size_t from) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < 8; ++i) {
      value = value << 8 | std::to_integer<std::uint64_t>(address.ip[from + i]);
    }
    return value;
  };
  return {word(0), word(8), address.family};
}

}  // namespace kith::sim
