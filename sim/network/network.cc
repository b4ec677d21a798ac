#include "sim/network/network.h"

#include <algorithm>
#include <utility>

#include "engine/base/append.h"
#include "engine/base/check.h"
#include "sim/network/headers.h"

namespace kith::sim {
namespace {

// RFC 5382, REQ-5: connections that are beginning or ending, and those that stand.
constexpr Duration kTransitoryTimeout = std::chrono::minutes(4);
constexpr Duration kEstablishedTimeout = std::chrono::minutes(124);

NatSpec for_segments(NatSpec spec) {
  spec.udp_blocked = false;
  spec.unreplied_timeout = kTransitoryTimeout;
  spec.replied_timeout = kEstablishedTimeout;
  spec.absolute_timeout = {};
  return spec;
}

}  // namespace

Network::Network(Timeline& timeline, RandomSource random)
    : timeline_(timeline), random_(std::move(random)) {
  add_realm();
}

// --- building -----------------------------------------------------------------------------------

NodeId Network::add_node(DatagramSink& sink, const InterfaceSpec& interface) {
  Node& node = nodes_.emplace_back();
  node.sink = &sink;
  node.interface = interface;
  return static_cast<NodeId>(nodes_.size() - 1);
}

LinkId Network::add_link(const LinkSpec& spec) {
  const auto id = static_cast<LinkId>(links_.size());
  links_.emplace_back(spec, random_.fork("link", id));
  return id;
}

void Network::add_address(NodeId node, const Address& address) {
  Address ip = address;
  ip.port = 0;
  nodes_[node].addresses.push_back(ip);
}

LinkId Network::connect(NodeId from, NodeId to, const LinkSpec& spec) {
  const LinkId id = add_link(spec);
  std::vector<Wire>& wires = nodes_[from].wires;
  for (const Address& address : nodes_[to].addresses) {
    const auto place =
        std::lower_bound(wires.begin(), wires.end(), address,
                         [](const Wire& wire, const Address& wanted) { return wire.to < wanted; });
    wires.insert(place, {address, id, to});
  }
  return id;
}

RealmId Network::add_realm() {
  realms_.emplace_back();
  return static_cast<RealmId>(realms_.size() - 1);
}

MemberId Network::add_member(RealmId realm, Hop owner, const MemberSpec& spec) {
  const auto id = static_cast<MemberId>(members_.size());
  Member& member = members_.emplace_back();
  member.realm = realm;
  member.owner = owner;
  member.up = add_link(spec.up);
  member.down = add_link(spec.down);
  member.region = spec.region;
  return id;
}

MemberId Network::join(NodeId node, RealmId realm, const MemberSpec& spec) {
  const MemberId id = add_member(realm, {Place::node, node}, spec);
  nodes_[node].members.push_back(id);
  members_[id].interface = static_cast<std::uint32_t>(nodes_[node].members.size());
  realms_[realm].hosts.push_back(id);
  return id;
}

GatewayId Network::add_gateway(RealmId inside, RealmId outside, const GatewaySpec& spec,
                               const MemberSpec& member) {
  KITH_CHECK_MSG(!realms_[inside].gateway && inside != kInternet, "realm {} has a way out", inside);
  const auto id = static_cast<GatewayId>(gateways_.size());
  realms_[inside].gateway = id;
  const MemberId outer = add_member(outside, {Place::inward, id}, member);
  gateways_.push_back({inside, outer, spec.inside, PortMapping(spec.mapping),
                       Nat(spec.ipv4, spec.external, DrawStream(random_.fork("nat", id))),
                       Nat(spec.ipv6, {}, DrawStream(random_.fork("firewall", id)))});
  for (const Address& address : spec.external) give_address(outer, address);
  return id;
}

void Network::give_address(MemberId member, const Address& address) {
  Address ip = address;
  ip.port = 0;
  members_[member].addresses.push_back(ip);
  note_families(members_[member]);
  realms_[members_[member].realm].members.set(ip, member);
  if (ip.family == Address::Family::ipv6) announce(member, ip);
}

void Network::note_families(Member& member) {
  const auto has = [&](Address::Family family) {
    return std::any_of(member.addresses.begin(), member.addresses.end(),
                       [&](const Address& own) { return own.family == family; });
  };
  member.speaks_ipv4 = has(Address::Family::ipv4);
  member.speaks_ipv6 = has(Address::Family::ipv6);
}

// Tells the realms further out that an IPv6 address lies behind their gateway.
void Network::announce(MemberId member, const Address& address) {
  for (auto outer = further_out(member); outer; outer = further_out(*outer)) {
    realms_[members_[*outer].realm].members.set(address, *outer);
  }
}

std::optional<MemberId> Network::further_out(MemberId member) const {
  const auto& gateway = realms_[members_[member].realm].gateway;
  if (!gateway) return std::nullopt;
  return gateways_[*gateway].outside;
}

void Network::take_address(MemberId member, const Address& address) {
  Address ip = address;
  ip.port = 0;
  std::erase(members_[member].addresses, ip);
  note_families(members_[member]);
  const auto withdraw_from = [&](MemberId holder) {
    IpTable& table = realms_[members_[holder].realm].members;
    if (table.find(ip) == holder) table.erase(ip);
  };
  withdraw_from(member);
  if (ip.family == Address::Family::ipv4) return;
  for (auto outer = further_out(member); outer; outer = further_out(*outer)) withdraw_from(*outer);
}

void Network::set_latency(RegionId from, RegionId to, Duration latency) {
  const std::size_t size = std::max<std::size_t>(std::max(from, to) + 1, latencies_.size());
  latencies_.resize(size);
  for (std::vector<Duration>& row : latencies_) row.resize(size);
  latencies_[from][to] = latency;
}

// --- changing -----------------------------------------------------------------------------------

void Network::change_external(GatewayId gateway, const std::vector<Address>& external) {
  const MemberId outside = gateways_[gateway].outside;
  const std::vector<Address> old = members_[outside].addresses;
  for (const Address& address : old) take_address(outside, address);
  for (const Address& address : external) give_address(outside, address);
  gateways_[gateway].ipv4.change_address(timeline_.now(), external);
  if (SegmentNats* segments = gateways_[gateway].segments.get()) {
    segments->ipv4.change_address(timeline_.now(), external);
  }
}

void Network::reboot(GatewayId id) {
  Gateway& gateway = gateways_[id];
  gateway.ipv4.reboot(timeline_.now());
  gateway.ipv6.reboot(timeline_.now());
  gateway.mapping.reboot(timeline_.now(), gateway.ipv4);
  if (gateway.segments) {
    gateway.segments->ipv4.reboot(timeline_.now());
    gateway.segments->ipv6.reboot(timeline_.now());
  }
  announce_mappings(gateway);
}

Nat& Network::nat_for(GatewayId id, const Packet& packet) {
  Gateway& gateway = gateways_[id];
  const bool ipv4 = packet.destination.family == Address::Family::ipv4;
  if (packet.kind != PacketKind::segment) return ipv4 ? gateway.ipv4 : gateway.ipv6;
  if (!gateway.segments) {
    gateway.segments = std::make_unique<SegmentNats>(SegmentNats{
        Nat(for_segments(gateway.ipv4.spec()), gateway.ipv4.external_ips(),
            DrawStream(random_.fork("segments ipv4", id))),
        Nat(for_segments(gateway.ipv6.spec()), {}, DrawStream(random_.fork("segments ipv6", id)))});
  }
  return ipv4 ? gateway.segments->ipv4 : gateway.segments->ipv6;
}

void Network::set_on_island(MemberId member, unsigned island, bool on) {
  KITH_CHECK(island < kIslands);
  const std::uint64_t bit = std::uint64_t{1} << island;
  members_[member].islands = on ? members_[member].islands | bit : members_[member].islands & ~bit;
}

void Network::cut_off(unsigned island, Cut cut) {
  KITH_CHECK(island < kIslands);
  const std::uint64_t bit = std::uint64_t{1} << island;
  cut_inbound_ = cut == Cut::inbound || cut == Cut::both ? cut_inbound_ | bit : cut_inbound_ & ~bit;
  cut_outbound_ =
      cut == Cut::outbound || cut == Cut::both ? cut_outbound_ | bit : cut_outbound_ & ~bit;
}

// --- asking -------------------------------------------------------------------------------------

std::vector<Address> Network::addresses(NodeId id) const {
  std::vector<Address> all = nodes_[id].addresses;
  for (const MemberId member : nodes_[id].members) {
    const std::vector<Address>& own = members_[member].addresses;
    all.insert(all.end(), own.begin(), own.end());
  }
  return all;
}

bool Network::has_address(NodeId id, const Address& address) const {
  Address ip = address;
  ip.port = 0;
  const Node& node = nodes_[id];
  return contains(node.addresses, ip) ||
         std::any_of(node.members.begin(), node.members.end(),
                     [&](MemberId member) { return contains(members_[member].addresses, ip); });
}

const Network::Wire* Network::find_wire(const Node& node, const Address& destination) const {
  if (node.wires.empty()) return nullptr;
  Address ip = destination;
  ip.port = 0;
  const auto found =
      std::lower_bound(node.wires.begin(), node.wires.end(), ip,
                       [](const Wire& wire, const Address& wanted) { return wire.to < wanted; });
  return found != node.wires.end() && found->to == ip ? &*found : nullptr;
}

// By which membership a datagram leaves: one in whose realm the destination is, or else the first
// that leads further out. Only one that has the source, if any has.
std::optional<Network::Way> Network::way_out(const Node& node, const Address& source,
                                             const Address& destination) const {
  Address ip = source;
  ip.port = 0;
  const auto has_source = [&](MemberId id) { return contains(members_[id].addresses, ip); };
  // With one membership there is no choice.
  const bool own_source =
      node.members.size() > 1 && std::any_of(node.members.begin(), node.members.end(), has_source);
  std::optional<Way> outward;
  for (const MemberId id : node.members) {
    const Member& member = members_[id];
    if (!member.speaks(destination.family) || (own_source && !has_source(id))) continue;
    const Realm& realm = realms_[member.realm];
    if (is_multicast(destination)) return Way{id, std::nullopt};
    if (const auto to = realm.members.find(destination)) return Way{id, to};
    if (!outward && realm.gateway) outward = Way{id, std::nullopt};
  }
  return outward;
}

std::optional<Address> Network::source_for(NodeId id, const Address& destination) const {
  const Node& node = nodes_[id];
  const std::vector<Address>* own = nullptr;
  if (find_wire(node, destination) != nullptr) {
    own = &node.addresses;
  } else if (const auto way = way_out(node, {}, destination)) {
    own = &members_[way->member].addresses;
  } else {
    return std::nullopt;
  }
  const auto found = std::find_if(own->begin(), own->end(), [&](const Address& address) {
    return address.family == destination.family;
  });
  if (found == own->end()) return std::nullopt;
  return *found;
}

// --- sending ------------------------------------------------------------------------------------

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
  send(PacketKind::datagram, from, source, destination, ecn, bytes);
}

void Network::send_forged(NodeId from, const Address& source, const Address& destination,
                          ByteView bytes) {
  send(PacketKind::forged, from, source, destination, Ecn::not_ect, bytes);
}

void Network::send_segment(NodeId from, const Address& source, const Address& destination,
                           ByteView bytes) {
  send(PacketKind::segment, from, source, destination, Ecn::not_ect, bytes);
}

void Network::send(PacketKind kind, NodeId from, const Address& source, const Address& destination,
                   Ecn ecn, ByteView bytes) {
  ++counters_.sent;
  Node& node = nodes_[from];
  node.free_at = std::max(node.free_at, timeline_.now()) +
                 transmission_time(bytes.size() + headers_of(destination), node.interface.rate_bps);

  const PacketId id = packets_.take();
  Packet& packet = packets_[id];
  packet.source = source;
  packet.destination = destination;
  packet.interface = 1;
  packet.ecn = ecn;
  packet.kind = kind;
  packet.bytes.assign(bytes.begin(), bytes.end());
  if (const Wire* wire = find_wire(node, destination)) {
    cross(node.free_at, wire->link, {}, {Place::node, wire->node}, id);
  } else if (const auto way = way_out(node, source, destination)) {
    leave(node.free_at, *way, id);
  } else {
    drop(id, counters_.unroutable);
  }
}

PacketId Network::copy_of(PacketId original) {
  const PacketId id = packets_.take();
  packets_[id] = packets_[original];
  return id;
}

Duration Network::longest_latency() const {
  Duration longest{};
  for (const std::vector<Duration>& row : latencies_) {
    for (const Duration latency : row) longest = std::max(longest, latency);
  }
  return longest;
}

std::optional<Hardship> Network::hardship(NodeId node) const {
  const Node& from = nodes_[node];
  Hardship worst{from.interface.rate_bps, {}, {}};
  bool up = true;
  const auto pass = [&](Hardship& way, LinkId there, LinkId back) {
    Duration delay{};
    std::uint32_t harmed = 0;
    for (const LinkId id : {there, back}) {
      const LinkSpec& link = links_[id].spec();
      up = up && link.up;
      for (const std::uint64_t bps : {link.rate_bps, link.police_bps}) {
        if (bps > 0) worst.bps = worst.bps == 0 ? bps : std::min(worst.bps, bps);
      }
      delay = std::max(delay, link.delay + link.jitter);
      harmed = std::max(harmed, link.loss.value + link.corrupt.value + link.truncate.value +
                                    link.burst_begin.value);
    }
    way.delay += delay;
    way.harmed.value = std::min(Ppm::kAlways, way.harmed.value + harmed);
  };
  const auto count = [&](const Hardship& way) {
    worst.delay = std::max(worst.delay, way.delay);
    worst.harmed.value = std::max(worst.harmed.value, way.harmed.value);
  };
  for (const Wire& wire : from.wires) {
    Hardship way;
    pass(way, wire.link, wire.link);
    count(way);
  }
  for (std::optional<MemberId> member : from.members) {
    Hardship way;
    for (; member; member = further_out(*member)) {
      pass(way, members_[*member].up, members_[*member].down);
    }
    count(way);
  }
  if (!up) return std::nullopt;
  return worst;
}

}  // namespace kith::sim
