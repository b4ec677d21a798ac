// A datagram's way through realms, links and gateways.

#include <algorithm>
#include <utility>

#include "sim/network/headers.h"
#include "sim/network/network.h"

namespace kith::sim {
namespace {

constexpr unsigned kPacketBits = 32;
constexpr unsigned kIndexBits = 28;

constexpr std::size_t kCacheLine = 64;
// What a datagram usually needs of one.
constexpr std::size_t kOfLink = 128;
constexpr std::size_t kOfGateway = 680;

void fetch(const void* from, std::size_t bytes) {
  const auto* at = static_cast<const std::byte*>(from);
  for (std::size_t i = 0; i < bytes; i += kCacheLine) __builtin_prefetch(at + i);
}
template <class T>
void fetch(const T& what) {
  fetch(&what, sizeof(T));
}

void flip_bit(Bytes& bytes, std::uint32_t drawn) {
  if (bytes.empty()) return;
  const std::size_t bit = drawn % (bytes.size() * 8);
  bytes[bit / 8] ^= static_cast<std::byte>(1u << (bit % 8));
}

}  // namespace

std::uint64_t Network::argument_of(Hop hop, PacketId packet) {
  return static_cast<std::uint64_t>(hop.place) << (kPacketBits + kIndexBits) |
         std::uint64_t{hop.index} << kPacketBits | packet;
}

Network::Hop Network::hop_of(std::uint64_t argument) {
  return {static_cast<Place>(argument >> (kPacketBits + kIndexBits)),
          static_cast<std::uint32_t>(argument >> kPacketBits & ((1u << kIndexBits) - 1))};
}

void Network::on_event(Instant, std::uint64_t argument) {
  step(hop_of(argument), static_cast<PacketId>(argument));
}

void Network::expect(std::uint64_t argument) const {
  const Hop hop = hop_of(argument);
  const Packet& packet = packets_[static_cast<PacketId>(argument)];
  switch (hop.place) {
    case Place::node: {
      fetch(packet.bytes.data(), packet.bytes.size());
      const Node& node = nodes_[hop.index];
      fetch(node.sink, 1);
      if (!node.members.empty()) fetch(&links_[members_[node.members.front()].up], kOfLink);
      if (!node.wires.empty()) fetch(node.wires.data(), node.wires.size() * sizeof(Wire));
      return;
    }
    case Place::member:
      fetch(packet);
      return fetch(&links_[members_[hop.index].down], kOfLink);
    case Place::inward:
      fetch(packet);
      return fetch(&gateways_[hop.index], kOfGateway);
    case Place::outward: {
      const Gateway& gateway = gateways_[hop.index];
      fetch(packet);
      fetch(&gateway, kOfGateway);
      return fetch(&links_[members_[gateway.outside].up], kOfLink);
    }
    case Place::group:
      return;
  }
}

void Network::step(Hop hop, PacketId packet) {
  switch (hop.place) {
    case Place::node:
      return arrive(hop.index, packet);
    case Place::member:
      return enter(timeline_.now(), hop.index, packet);
    case Place::inward:
      return pass_inward(hop.index, packet);
    case Place::outward:
      return pass_outward(hop.index, packet);
    case Place::group:
      return enter_all(hop.index, packet);
  }
}

// What takes no time happens at once, but for the arrival at a node: several may be one batch, and
// no node hears of a datagram while it sends.
void Network::proceed(Instant at, Hop hop, PacketId packet) {
  if (hop.place == Place::node) {
    at = delivery_time(hop.index, at);
  } else if (at == timeline_.now()) {
    return step(hop, packet);
  }
  timeline_.schedule(at, *this, argument_of(hop, packet));
}

void Network::leave(Instant at, const Way& way, PacketId packet) {
  const Member& member = members_[way.member];
  const Realm& realm = realms_[member.realm];
  overhear(realm, packets_[packet]);
  if (way.to) {
    const Member& to = members_[*way.to];
    if (is_cut(member, to)) return drop(packet, counters_.partitioned);
    return cross(at, member.up, latency(member, to), {Place::member, *way.to}, packet);
  }
  if (is_multicast(packets_[packet].destination)) {
    return cross(at, member.up, {}, {Place::group, way.member}, packet);
  }
  if (!realm.gateway) return drop(packet, counters_.unroutable);
  cross(at, member.up, {}, {Place::outward, *realm.gateway}, packet);
}

void Network::enter(Instant at, MemberId to, PacketId packet) {
  const Member& member = members_[to];
  packets_[packet].interface = member.interface;
  cross(at, member.down, {}, member.owner, packet);
}

void Network::enter_all(MemberId but, PacketId packet) {
  for (const MemberId to : realms_[members_[but].realm].hosts) {
    if (to != but) enter(timeline_.now(), to, copy_of(packet));
  }
  packets_.give_back(packet);
}

void Network::pass_outward(GatewayId id, PacketId packet_id) {
  Gateway& gateway = gateways_[id];
  Packet& packet = packets_[packet_id];
  if (is_for_itself(gateway, packet)) return serve(gateway, packet_id);
  if (is_foreign(gateway, packet)) return drop(packet_id, counters_.unroutable);
  gateway.mapping.expire(timeline_.now(), gateway.ipv4);
  Nat& nat = nat_for(id, packet);
  if (nat.is_own(packet.destination)) {
    const auto verdict = nat.hairpin(timeline_.now(), packet.source, packet.destination);
    if (verdict.drop != NatDrop::none) return drop(packet_id, counters_.refused_by_nat);
    packet.source = verdict.source;
    packet.destination = verdict.destination;
    return reach_inside(gateway, packet_id);
  }
  const auto verdict = nat.outbound(timeline_.now(), packet.source, packet.destination);
  if (verdict.drop != NatDrop::none) return drop(packet_id, counters_.refused_by_nat);
  packet.source = verdict.source;
  ++counters_.translated;
  const Realm& outside = realms_[members_[gateway.outside].realm];
  leave(timeline_.now(), {gateway.outside, outside.members.find(packet.destination)}, packet_id);
}

void Network::pass_inward(GatewayId id, PacketId packet_id) {
  Gateway& gateway = gateways_[id];
  Packet& packet = packets_[packet_id];
  gateway.mapping.expire(timeline_.now(), gateway.ipv4);
  Nat& nat = nat_for(id, packet);
  const auto verdict = nat.inbound(timeline_.now(), packet.destination, packet.source);
  if (verdict.drop != NatDrop::none) return drop(packet_id, counters_.refused_by_nat);
  packet.destination = verdict.destination;
  ++counters_.translated;
  reach_inside(gateway, packet_id);
}

bool Network::is_for_itself(const Gateway& gateway, const Packet& packet) const {
  return !gateway.own.is_unspecified() && packet.destination.family == gateway.own.family &&
         packet.destination.ip == gateway.own.ip;
}

// Under an address of IPv4 that nobody inside has, or has any more: no gateway translates it (BCP
// 38). A late copy would take the port of who left it as of now.
bool Network::is_foreign(const Gateway& gateway, const Packet& packet) const {
  return packet.source.family == Address::Family::ipv4 && !is_inside(gateway.inside, packet.source);
}

// The only thing that gateways themselves answer. Nobody else has the port.
void Network::serve(Gateway& gateway, PacketId id) {
  Packet& packet = packets_[id];
  if (packet.destination.port != port_mapping::kServerPort || packet.kind == PacketKind::segment) {
    return drop(id, counters_.unroutable);
  }
  auto answer = gateway.mapping.answer(timeline_.now(), gateway.ipv4, packet.source, packet.bytes);
  if (!answer) return drop(id, counters_.unroutable);
  packet.bytes = *std::move(answer);
  packet.kind = PacketKind::datagram;
  packet.ecn = Ecn::not_ect;
  std::swap(packet.source, packet.destination);
  reach_inside(gateway, id);
}

void Network::announce_mappings(const Gateway& gateway) {
  if (gateway.own.is_unspecified()) return;
  for (const Bytes& bytes : gateway.mapping.announcements(timeline_.now(), gateway.ipv4)) {
    for (const MemberId to : realms_[gateway.inside].hosts) {
      const PacketId id = packets_.take();
      Packet& packet = packets_[id];
      packet.source = gateway.own;
      packet.source.port = port_mapping::kServerPort;
      // All hosts of a link: RFC 6887 section 14.1.3.
      packet.destination = Address::v4(224, 0, 0, 1, port_mapping::kClientPort);
      packet.ecn = Ecn::not_ect;
      packet.kind = PacketKind::datagram;
      packet.bytes = bytes;
      enter(timeline_.now(), to, id);
    }
  }
}

void Network::reach_inside(const Gateway& gateway, PacketId packet) {
  overhear(realms_[gateway.inside], packets_[packet]);
  const auto to = realms_[gateway.inside].members.find(packets_[packet].destination);
  if (!to) return drop(packet, counters_.unroutable);
  enter(timeline_.now(), *to, packet);
}

void Network::overhear(const Realm& realm, const Packet& packet) {
  for (const RealmTap& tap : realm.taps) tap(packet);
}

// Over a link and then for so long without one.
void Network::cross(Instant at, LinkId link_id, Duration beyond, Hop hop, PacketId id) {
  Link& link = links_[link_id];
  Packet& packet = packets_[id];
  Transit transit;
  const Fate fate = link.admit(at, packet.bytes.size() + headers_of(packet.destination), transit);
  if (fate != Fate::carried) return drop(id, counters_.fates[static_cast<std::size_t>(fate)]);
  if (transit.duplicate_arrives) {
    ++counters_.duplicated;
    proceed(*transit.duplicate_arrives + beyond, hop, copy_of(id));
  }
  if (transit.replay_arrives) {
    ++counters_.replayed;
    proceed(*transit.replay_arrives + beyond, hop, copy_of(id));
  }
  apply(transit, link.spec(), packet);
  proceed(transit.arrives + beyond, hop, id);
}

void Network::apply(const Transit& transit, const LinkSpec& spec, Packet& packet) {
  if (transit.reordered) ++counters_.reordered;
  if (transit.flipped_bit) {
    ++counters_.corrupted;
    flip_bit(packet.bytes, *transit.flipped_bit);
  }
  if (transit.cut && !packet.bytes.empty()) {
    ++counters_.truncated;
    packet.bytes.resize(*transit.cut % packet.bytes.size());
  }
  if (spec.bleach_ecn && packet.ecn != Ecn::not_ect) {
    ++counters_.bleached;
    packet.ecn = Ecn::not_ect;
  }
}

Duration Network::latency(const Member& from, const Member& to) const {
  if (from.realm != kInternet) return {};
  if (std::max(from.region, to.region) >= latencies_.size()) return {};
  return latencies_[from.region][to.region];
}

bool Network::is_cut(const Member& from, const Member& to) const {
  return ((from.islands & ~to.islands & cut_outbound_) |
          (to.islands & ~from.islands & cut_inbound_)) != 0;
}

void Network::drop(PacketId packet, std::uint64_t& counter) {
  ++counter;
  packets_.give_back(packet);
}

}  // namespace kith::sim
