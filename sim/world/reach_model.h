#pragma once

// What two places on a network can send each other, worked out from what their gateways are, with
// no datagram sent: endpoints are names that rules make of each other, and never numbers.
//
//   knowledge: addresses of the other --send--> outward:  mapping (a name) and flow, at each NAT
//        ^                                      inward:   is there a flow that admits the sender?
//        +---- the source that was seen <-----  arrived
//
// Everything only grows, so the order of sending does not matter, and what holds when nothing grows
// any more is what any timing could bring about at best. It does not own: what is asked of it
// (reachability.h); clocks, full tables and poisoned bindings, which cost time or need luck.

#include <array>
#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "sim/world/topology.h"

namespace kith::sim {

// An endpoint, as far as a topology says which.
struct Point {
  Address ip;               // without a port; of a gateway with several addresses, the first
  std::uint32_t which = 0;  // of several addresses; 0 if there is one
  std::uint32_t port = 0;   // a name of it

  friend auto operator<=>(const Point&, const Point&) = default;
};

// What kept a datagram from arriving, and where.
struct Obstacle {
  enum class Kind : std::uint8_t { udp_blocked, hairpin_off, not_admitted, one_port_for_two };
  Kind kind = Kind::udp_blocked;
  SiteId site = 0;

  friend auto operator<=>(const Obstacle&, const Obstacle&) = default;
};

class ReachModel {
 public:
  // One of the two places.
  using Side = std::size_t;

  ReachModel(const Topology& topology, const Attachment& one, const Attachment& other);

  // The sites from a place outwards.
  const std::vector<SiteId>& chain(Side side) const { return chains_[side]; }
  bool is_shared(SiteId site) const { return shared_.count(site) > 0; }

  bool share_a_gateway() const { return !shared_.empty(); }

  // `side` knows the other's own and forwarded addresses.
  void know_addresses(Side side);
  // `side` knows from where a server in the internet hears the other.
  void know_reflexive(Side side);

  // The other knows beforehand which endpoint `side` gets when it sends to where the other is known
  // to be. Both know the rest of what they know before.
  void foretell(Side side);
  // The other has hit each endpoint that `side` gets, but not before `side` has it.
  void guess(Side side) { guessed_[side] = true; }

  // What a datagram went to when it came to an answer at the place that it was sent from.
  struct Answered {
    Side by = 0;  // who sent it
    Point to;
  };
  // Both send to all they know and learn, until an answer comes or nothing is new.
  std::optional<Answered> run();

  // What stood in the way in the last round.
  const std::set<Obstacle>& obstacles() const { return obstacles_; }
  // Whether an address is one of the place's own, not one of a gateway.
  bool is_own_address(Side side, const Point& point) const;

 private:
  struct Mapping {
    SiteId site = 0;
    Point internal;
    Point remote;  // as far as the mapping looks at it

    friend auto operator<=>(const Mapping&, const Mapping&) = default;
  };
  struct Datagram {
    Side from = 0;
    Point source;
    Point destination;
  };

  static constexpr Side other(Side side) { return 1 - side; }
  void give(Side side, const Point& point);
  std::optional<Point> source_for(Side side, const Point& destination) const;
  std::optional<Point> send(Side side, const Point& destination);
  std::optional<Point> travel(Datagram datagram, std::optional<SiteId> from);
  std::optional<Point> descend(Datagram datagram, MemberId to);
  std::optional<Point> hairpin(Datagram datagram, SiteId site);
  bool pass_out(Datagram& datagram, SiteId site);
  bool pass_in(Datagram& datagram, SiteId site);
  Point map(const Datagram& datagram, SiteId site);
  Point external_of(const Mapping& mapping);
  void forward(Side side);
  const NatSpec& spec(SiteId site, const Point& point) const;
  std::uint32_t ip_of(SiteId site, const Mapping& mapping);
  std::uint32_t name(const Mapping& mapping, std::uint32_t kind);
  void stop(Obstacle::Kind kind, SiteId site) { obstacles_.insert({kind, site}); }

  const Topology& topology_;
  std::array<const Attachment*, 2> places_;
  std::array<std::vector<SiteId>, 2> chains_;
  std::set<SiteId> shared_;
  std::map<MemberId, SiteId> gateways_;  // of both chains, by what they have outside
  std::array<bool, 2> foretold_{}, guessed_{};

  std::map<std::pair<SiteId, Point>, Point> forwards_;  // internal to external
  std::array<std::vector<Point>, 2> forwarded_;         // the outermost of them

  std::map<std::pair<Mapping, std::uint32_t>, std::uint32_t> names_;
  std::map<Mapping, Point> mappings_;
  std::set<std::pair<Mapping, Point>> flows_;  // and the remote, as filtering looks at it
  std::array<std::set<Point>, 2> given_;       // what a side knows of the other from the beginning
  std::array<std::set<Point>, 2> known_;       // and with what it learns
  std::array<std::optional<Point>, 2> left_as_;  // the last endpoint in the internet
  std::set<Obstacle> obstacles_;
};

}  // namespace kith::sim
