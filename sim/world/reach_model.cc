#include "sim/world/reach_model.h"

#include <algorithm>

#include "sim/network/network.h"

namespace kith::sim {
namespace {

// Names of ports that are no gateway's choice.
constexpr std::uint32_t kDevicePort = 1;
constexpr std::uint32_t kServerPort = 2;
// Stands for all ports of a place that are known beforehand: each has an endpoint of its own there,
// but they follow each other on both sides, so that one stands for all.
constexpr std::uint32_t kForetoldPort = 3;
constexpr std::uint32_t kFirstName = 4;

// What names_ counts apart.
constexpr std::uint32_t kPortName = 0;
constexpr std::uint32_t kAddressName = 1;
constexpr std::uint32_t kForwardName = 2;

// Hearing what one cannot answer teaches the other nothing, so knowledge ends to grow after a few
// rounds, unless guesses make ever new endpoints; this is beyond what chains of gateways can need.
constexpr int kMostRounds = 16;

Point looked_at(Point remote, Dependence dependence) {
  if (dependence == Dependence::endpoint_independent) return {};
  if (dependence == Dependence::address_dependent) remote.port = 0;
  return remote;
}

Point own_point(Address address) {
  address.port = 0;
  return {address, 0, kDevicePort};
}

// Somewhere in the internet: no place and no gateway has this address.
Point server_point(Address::Family family) { return {{.family = family}, 0, kServerPort}; }

}  // namespace

ReachModel::ReachModel(const Topology& topology, const Attachment& one, const Attachment& second)
    : topology_(topology), places_{&one, &second} {
  for (const Side side : {Side{0}, Side{1}}) {
    for (auto at = places_[side]->spec.site; at; at = topology.site(*at).inside_of) {
      chains_[side].push_back(*at);
      gateways_[topology.network().outside_of(topology.gateway(*at))] = *at;
    }
  }
  for (const SiteId site : chains_[0]) {
    if (std::find(chains_[1].begin(), chains_[1].end(), site) != chains_[1].end()) {
      shared_.insert(site);
    }
  }
  forward(0);
  forward(1);
}

// As Topology does: each gateway on the way out sends on what comes to a port of its own.
void ReachModel::forward(Side side) {
  if (!places_[side]->spec.forwarded) return;
  for (const Address& address : places_[side]->addresses) {
    Point point = own_point(address);
    for (const SiteId site : chains_[side]) {
      const NatSpec& gateway = spec(site, point);
      const Mapping mapping{site, point, {}};
      Point outside = point;
      if (gateway.translate) {
        outside.ip = topology_.network().nat(topology_.gateway(site)).external_ips().front();
        outside.which = ip_of(site, mapping);
        outside.port = name(mapping, kForwardName);
      }
      forwards_.emplace(std::pair(site, point), outside);
      point = outside;
    }
    forwarded_[side].push_back(point);
  }
}

const NatSpec& ReachModel::spec(SiteId site, const Point& point) const {
  const SiteSpec& all = topology_.site(site);
  return point.ip.family == Address::Family::ipv4 ? all.nat : all.firewall;
}

bool ReachModel::is_own_address(Side side, const Point& point) const {
  for (const Address& address : places_[side]->addresses) {
    if (own_point(address) == point) return true;
  }
  return false;
}

// --- knowledge ----------------------------------------------------------------------------------

void ReachModel::give(Side side, const Point& point) {
  given_[side].insert(point);
  known_[side].insert(point);
}

void ReachModel::know_addresses(Side side) {
  const Side owner = other(side);
  for (const Address& address : places_[owner]->addresses) give(side, own_point(address));
  for (const Point& point : forwarded_[owner]) give(side, point);
}

void ReachModel::know_reflexive(Side side) {
  for (const auto family : {Address::Family::ipv4, Address::Family::ipv6}) {
    if (const auto seen = send(other(side), server_point(family))) give(side, *seen);
  }
}

void ReachModel::foretell(Side side) {
  foretold_[side] = guessed_[side] = true;
  const std::set<Point> targets = given_[side];
  for (const Point& target : targets) {
    left_as_[side].reset();
    send(side, target);
    if (left_as_[side]) give(other(side), *left_as_[side]);
  }
}

std::optional<ReachModel::Answered> ReachModel::run() {
  for (int round = 0; round < kMostRounds; ++round) {
    const std::size_t before = known_[0].size() + known_[1].size() + flows_.size();
    obstacles_.clear();
    for (const Side side : {Side{0}, Side{1}}) {
      const std::set<Point> addresses = known_[side];
      for (const Point& to : addresses) {
        const auto seen = send(side, to);
        if (!seen) continue;
        known_[other(side)].insert(*seen);
        if (send(other(side), *seen)) return Answered{side, to};
      }
    }
    if (known_[0].size() + known_[1].size() + flows_.size() == before) break;
  }
  return std::nullopt;
}

// --- a datagram's way ---------------------------------------------------------------------------

std::optional<Point> ReachModel::source_for(Side side, const Point& destination) const {
  for (const Address& address : places_[side]->addresses) {
    if (address.family == destination.ip.family) return own_point(address);
  }
  return std::nullopt;
}

// As what its receiver, the other place or a server, sees it come from.
std::optional<Point> ReachModel::send(Side side, const Point& destination) {
  const std::optional<Point> source = source_for(side, destination);
  if (!source) return std::nullopt;
  return travel({side, *source, destination}, places_[side]->spec.site);
}

// Outwards, until a network has the destination.
std::optional<Point> ReachModel::travel(Datagram datagram, std::optional<SiteId> from) {
  for (std::optional<SiteId> at = from;; at = topology_.site(*at).inside_of) {
    const auto to =
        topology_.network().member_with(topology_.realm_of(at), datagram.destination.ip);
    if (to) return descend(datagram, *to);
    if (!at) break;
    const Nat& nat = topology_.network().nat(topology_.gateway(*at));
    if (nat.is_own(datagram.destination.ip)) return hairpin(datagram, *at);
    if (!pass_out(datagram, *at)) return std::nullopt;
  }
  if (datagram.destination.port != kServerPort) return std::nullopt;
  return datagram.source;
}

// Inwards, until a member is no gateway.
std::optional<Point> ReachModel::descend(Datagram datagram, MemberId to) {
  for (auto gateway = gateways_.find(to); gateway != gateways_.end();
       gateway = gateways_.find(to)) {
    if (!pass_in(datagram, gateway->second)) return std::nullopt;
    const auto next = topology_.network().member_with(topology_.realm_of(gateway->second),
                                                      datagram.destination.ip);
    if (!next) return std::nullopt;
    to = *next;
  }
  if (to != places_[other(datagram.from)]->member) return std::nullopt;
  return datagram.source;
}

std::optional<Point> ReachModel::hairpin(Datagram datagram, SiteId site) {
  const Hairpin kind = topology_.site(site).nat.hairpin;
  if (kind == Hairpin::off) {
    stop(Obstacle::Kind::hairpin_off, site);
    return std::nullopt;
  }
  const Point inside = datagram.source;
  if (!pass_out(datagram, site) || !pass_in(datagram, site)) return std::nullopt;
  if (kind == Hairpin::internal_source) datagram.source = inside;
  const auto to =
      topology_.network().member_with(topology_.realm_of(site), datagram.destination.ip);
  return to ? descend(datagram, *to) : std::nullopt;
}

bool ReachModel::pass_out(Datagram& datagram, SiteId site) {
  if (spec(site, datagram.destination).udp_blocked) {
    stop(Obstacle::Kind::udp_blocked, site);
    return false;
  }
  datagram.source = map(datagram, site);
  if (topology_.site(site).inside_of) return true;
  left_as_[datagram.from] = datagram.source;
  if (guessed_[datagram.from]) known_[other(datagram.from)].insert(datagram.source);
  return true;
}

bool ReachModel::pass_in(Datagram& datagram, SiteId site) {
  const NatSpec& gateway = spec(site, datagram.destination);
  if (gateway.udp_blocked) {
    stop(Obstacle::Kind::udp_blocked, site);
    return false;
  }
  if (!gateway.translate && gateway.filtering == Dependence::endpoint_independent) return true;
  for (const auto& [internal, external] : forwards_) {
    if (internal.first != site || external != datagram.destination) continue;
    datagram.destination = internal.second;
    return true;
  }
  const Point remote = looked_at(datagram.source, gateway.filtering);
  const Mapping* admits = nullptr;
  std::size_t owners = 0;
  for (const auto& [mapping, external] : mappings_) {
    if (mapping.site != site || external != datagram.destination) continue;
    ++owners;
    if (flows_.count({mapping, remote}) > 0) admits = &mapping;
  }
  // Whoever of several used it last gets all, so that the others hear nothing.
  if (owners > 1) stop(Obstacle::Kind::one_port_for_two, site);
  if (owners <= 1 && admits == nullptr) stop(Obstacle::Kind::not_admitted, site);
  if (owners != 1 || admits == nullptr) return false;
  datagram.destination = admits->internal;
  return true;
}

// --- what gateways make of endpoints ------------------------------------------------------------

Point ReachModel::map(const Datagram& datagram, SiteId site) {
  const auto forward = forwards_.find({site, datagram.source});
  if (forward != forwards_.end()) return forward->second;
  const NatSpec& gateway = spec(site, datagram.source);
  Mapping mapping{site, datagram.source, {}};
  if (gateway.translate) mapping.remote = looked_at(datagram.destination, gateway.mapping);
  const bool aimed = given_[datagram.from].count(datagram.destination) > 0;
  if (foretold_[datagram.from] && aimed && mapping.remote.port != 0) {
    mapping.remote.port = kForetoldPort;
  }
  const Point external = external_of(mapping);
  mappings_.emplace(mapping, external);
  flows_.emplace(mapping, looked_at(datagram.destination, gateway.filtering));
  return external;
}

Point ReachModel::external_of(const Mapping& mapping) {
  if (!spec(mapping.site, mapping.internal).translate) return mapping.internal;
  const NatSpec& nat = topology_.site(mapping.site).nat;
  Point external;
  external.ip = topology_.network().nat(topology_.gateway(mapping.site)).external_ips().front();
  external.which = ip_of(mapping.site, mapping);
  // Two endpoints get one port where the gateway keeps it, even if another has it.
  const bool overloads = nat.port_policy == PortPolicy::preserve_overload &&
                         nat.mapping == Dependence::endpoint_independent;
  const bool keeps =
      overloads || (nat.port_policy == PortPolicy::preserve &&
                    nat.mapping == Dependence::endpoint_independent && !is_shared(mapping.site));
  external.port = keeps ? mapping.internal.port : name(mapping, kPortName);
  return external;
}

// Which of the gateway's addresses: one for all of an internal address, or any for each mapping.
std::uint32_t ReachModel::ip_of(SiteId site, const Mapping& mapping) {
  const Nat& nat = topology_.network().nat(topology_.gateway(site));
  if (nat.external_ips().size() == 1) return 0;
  if (nat.spec().pooling == Pooling::arbitrary) return name(mapping, kAddressName);
  Mapping any_port = mapping;
  any_port.internal.port = 0;
  any_port.remote = {};
  return name(any_port, kAddressName);
}

std::uint32_t ReachModel::name(const Mapping& mapping, std::uint32_t kind) {
  const auto next = static_cast<std::uint32_t>(kFirstName + names_.size());
  return names_.emplace(std::pair(mapping, kind), next).first->second;
}

}  // namespace kith::sim
