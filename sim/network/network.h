#pragma once

// Hosts, the links and address realms that join them, and the datagrams under way between them.
//
//   send --> interface (queue of the sender: back pressure, never a drop)
//        --> a wire that leads to the destination, or else
//        --> link into the realm --> who has the address there? --> link out of it --> the host
//                 |                                |
//                 | nobody: the realm's gateway    | a gateway to a realm further in
//                 v                                v
//            NAT, outbound, then the same       NAT, inbound, then the same
//            in the realm outside               in the realm inside
//        --> DatagramSink, several equal datagrams of one instant in one batch as GRO gives them
//
// A realm is a network in which addresses are unique (RFC 2663): the internet, or what lies behind
// a NAT. What takes time is an event, so queues and NATs see datagrams in the order and at the
// instants at which they come; what takes none happens at once. It does not own: sockets and ports
// (the device finds those), nor what a host does with a datagram.

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "engine/base/random.h"
#include "kith/address.h"
#include "kith/bytes.h"
#include "sim/nat/nat.h"
#include "sim/nat/port_mapping.h"
#include "sim/network/ip_table.h"
#include "sim/network/link.h"
#include "sim/network/packet_pool.h"
#include "sim/world/timeline.h"

namespace kith::sim {

using LinkId = std::uint32_t;
using RealmId = std::uint32_t;
using MemberId = std::uint32_t;  // of a node or a gateway in a realm
using GatewayId = std::uint32_t;
using RegionId = std::uint32_t;

inline constexpr RealmId kInternet = 0;

// One batch at a host: datagrams of `stride` bytes, the last perhaps shorter. Borrowed.
struct Arrival {
  const Address& local;
  const Address& remote;
  Ecn ecn = Ecn::not_ect;
  std::size_t stride = 0;
  ByteView bytes;
  std::uint32_t interface = 1;  // which of the node's, from 1 in the order of joining; 1 for wires
};

class DatagramSink {
 public:
  virtual void on_datagrams(Instant now, const Arrival& arrival) = 0;

 protected:
  ~DatagramSink() = default;
};

struct InterfaceSpec {
  std::uint64_t rate_bps = 0;              // 0: unlimited, and then it is never full
  std::uint64_t queue_bytes = 256 * 1024;  // beyond it sockets are not writable
  // How long arrivals wait for others before the host is told, as network cards do.
  Duration receive_batch{};
};

// What a way does to datagrams.
struct Hardship {
  std::uint64_t bps = 0;  // of its slowest link; 0: unlimited
  Duration delay{};       // of all its links
  Ppm harmed{};           // by all its links: lost, cut, altered, or the first of a burst of losses
};

// How a node or a gateway is joined to a realm.
struct MemberSpec {
  LinkSpec up;    // into the realm
  LinkSpec down;  // out of it
  RegionId region = 0;
};

struct GatewaySpec {
  NatSpec ipv4;
  NatSpec ipv6;
  std::vector<Address> external;  // its IPv4 addresses in the realm outside
  Address inside;                 // its own in the realm inside; none if unspecified
  PortMappingSpec mapping = {};   // the service it has there
};

struct NetworkCounters {
  std::uint64_t sent = 0;
  std::uint64_t delivered = 0;
  std::uint64_t batches = 0;  // deliveries, each of one datagram or more
  std::uint64_t duplicated = 0;
  std::uint64_t replayed = 0;
  std::uint64_t reordered = 0;  // held back, so that others could overtake
  std::uint64_t corrupted = 0;
  std::uint64_t truncated = 0;
  std::uint64_t bleached = 0;
  std::uint64_t unroutable = 0;
  std::uint64_t partitioned = 0;
  std::uint64_t refused_by_nat = 0;
  std::uint64_t translated = 0;  // passed a gateway
  std::uint64_t forged = 0;      // of an adversary, delivered
  std::array<std::uint64_t, kFates> fates{};

  std::uint64_t fate(Fate which) const { return fates[static_cast<std::size_t>(which)]; }
};

class Network final : public EventTarget {
 public:
  Network(Timeline& timeline, RandomSource random);

  // --- building ----------------------------------------------------------------------------------

  // `sink` outlives the network.
  NodeId add_node(DatagramSink& sink, const InterfaceSpec& interface = {});

  // Makes one direction of a wire, on which nothing but these two are. Whoever has a wire to an
  // address of `to` uses it before any realm.
  LinkId connect(NodeId from, NodeId to, const LinkSpec& spec);
  // Where segments of streams that come to a node go; nowhere if nothing was said. It outlives the
  // network.
  void set_segment_sink(NodeId node, DatagramSink& sink) { nodes_[node].segments = &sink; }
  // Gives a node an address on its wires, which are made later; the port is not looked at.
  void add_address(NodeId node, const Address& address);

  // A realm that nothing leads out of yet. The internet is there from the beginning.
  RealmId add_realm();
  MemberId join(NodeId node, RealmId realm, const MemberSpec& spec);
  // Whatever has no address in `inside` goes out through it. A realm has one at most.
  GatewayId add_gateway(RealmId inside, RealmId outside, const GatewaySpec& spec,
                        const MemberSpec& member);
  // An address of a node in the realm of this membership, and an IPv6 address in all realms further
  // out as well. Replaces who had it.
  void give_address(MemberId member, const Address& address);
  void take_address(MemberId member, const Address& address);

  // How long datagrams take from a region of the internet to another. Zero where nothing was said.
  void set_latency(RegionId from, RegionId to, Duration latency);

  // The longest that was said.
  Duration longest_latency() const;
  // The worst of a node's ways to the internet, and of its wires, in each respect and both
  // directions. Nothing if a link of one of them is down.
  std::optional<Hardship> hardship(NodeId node) const;

  // --- changing ----------------------------------------------------------------------------------

  void change_link(LinkId id, const LinkSpec& spec) { links_[id].change(spec); }
  LinkId up_link(MemberId member) const { return members_[member].up; }
  LinkId down_link(MemberId member) const { return members_[member].down; }

  Nat& nat(GatewayId gateway) { return gateways_[gateway].ipv4; }
  const Nat& nat(GatewayId gateway) const { return gateways_[gateway].ipv4; }
  Nat& firewall(GatewayId gateway) { return gateways_[gateway].ipv6; }
  const PortMapping& port_mapping(GatewayId gateway) const { return gateways_[gateway].mapping; }
  // Where hosts inside ask it for something; unspecified if nowhere.
  const Address& inside_address(GatewayId gateway) const { return gateways_[gateway].own; }
  bool is_inside(RealmId realm, const Address& address) const {
    return realms_[realm].members.find(address).has_value();
  }
  // Bindings are forgotten, and so are the mappings that hosts asked for, which are told.
  void reboot(GatewayId gateway);
  MemberId outside_of(GatewayId gateway) const { return gateways_[gateway].outside; }
  void change_external(GatewayId gateway, const std::vector<Address>& external);

  // Puts a member on an island, one of kIslands, or takes it off. Members on one island and members
  // off it do not hear each other while the island is cut off.
  static constexpr unsigned kIslands = 64;
  enum class Cut : std::uint8_t { none, inbound, outbound, both };
  void set_on_island(MemberId member, unsigned island, bool on);
  void cut_off(unsigned island, Cut cut);

  // --- asking ------------------------------------------------------------------------------------

  Instant now() const { return timeline_.now(); }

  // All addresses that a node has now.
  std::vector<Address> addresses(NodeId node) const;
  bool has_address(NodeId node, const Address& address) const;
  // Who has an address in a realm now; its port is not looked at.
  std::optional<MemberId> member_with(RealmId realm, const Address& address) const {
    return realms_[realm].members.find(address);
  }
  // What a node puts into a datagram to `destination` when the sender leaves it open; nothing if
  // there is no way there.
  std::optional<Address> source_for(NodeId node, const Address& destination) const;

  const NetworkCounters& counters() const { return counters_; }
  std::size_t in_flight() const { return packets_.in_use(); }

  // --- sending -----------------------------------------------------------------------------------

  // Whether the node's interface has room; if not, when it has again.
  bool can_send(NodeId node) const;
  Instant room_at(NodeId node) const;

  // One datagram. It may be lost on the way, never here.
  void send(NodeId from, const Address& source, const Address& destination, Ecn ecn,
            ByteView bytes);
  // The same for an adversary, who may say that it comes from anyone. Gateways let it out only
  // under an address that somebody inside has.
  void send_forged(NodeId from, const Address& source, const Address& destination, ByteView bytes);
  // A segment of a stream. Gateways keep tables of their own for these (RFC 5382), which know no
  // forwarded ports; who blocks UDP lets them pass.
  void send_segment(NodeId from, const Address& source, const Address& destination, ByteView bytes);

  // Overhears what is sent in a realm, as it is there: it looks, and sends nothing meanwhile.
  using RealmTap = std::function<void(const Packet&)>;
  void tap_realm(RealmId realm, RealmTap tap) { realms_[realm].taps.push_back(std::move(tap)); }

  // Sees, and may alter, every datagram just before it is delivered. For tests and adversaries.
  using DeliveryTap = std::function<void(Instant, NodeId to, std::span<std::byte>)>;
  void set_delivery_tap(DeliveryTap tap) { tap_ = std::move(tap); }

  void on_event(Instant now, std::uint64_t argument) override;
  void expect(std::uint64_t argument) const override;

 private:
  // Where a datagram is when its event comes.
  enum class Place : std::uint8_t {
    node,     // has come to a node: `index`
    member,   // before the link out of a realm to a member: `index`
    inward,   // has come to a gateway from outside: `index`
    outward,  // has come to a gateway from inside: `index`
    group,    // in a realm, for all members but one: `index`
  };
  struct Hop {
    Place place = Place::node;
    std::uint32_t index = 0;
  };
  static std::uint64_t argument_of(Hop hop, PacketId packet);
  static Hop hop_of(std::uint64_t argument);

  struct Wire {
    Address to;
    LinkId link = 0;
    NodeId node = 0;
  };
  struct Node {
    DatagramSink* sink = nullptr;
    DatagramSink* segments = nullptr;
    InterfaceSpec interface;
    Instant free_at;                 // when all that was sent has left the interface
    std::vector<Address> addresses;  // on wires
    std::vector<Wire> wires;         // sorted by address
    std::vector<MemberId> members;
  };
  struct Member {
    RealmId realm = 0;
    Hop owner;  // a node, or a gateway that it leads into
    LinkId up = 0, down = 0;
    RegionId region = 0;
    std::uint64_t islands = 0;
    std::uint32_t interface = 0;
    std::vector<Address> addresses;
    bool speaks_ipv4 = false, speaks_ipv6 = false;  // has such an address
    bool speaks(Address::Family family) const {
      return family == Address::Family::ipv4 ? speaks_ipv4 : speaks_ipv6;
    }
  };
  struct Realm {
    IpTable members;
    std::vector<MemberId> hosts;  // in the order of joining, for multicast
    std::optional<GatewayId> gateway;
    std::vector<RealmTap> taps;
  };
  // What a gateway does to segments, made when the first of them comes.
  struct SegmentNats {
    Nat ipv4;
    Nat ipv6;
  };
  struct Gateway {
    RealmId inside = 0;
    MemberId outside = 0;
    Address own;  // inside
    PortMapping mapping;
    Nat ipv4;
    Nat ipv6;
    std::unique_ptr<SegmentNats> segments = nullptr;
  };

  LinkId add_link(const LinkSpec& spec);
  MemberId add_member(RealmId realm, Hop owner, const MemberSpec& spec);
  void announce(MemberId member, const Address& address);
  // What the gateway of a member's realm is in the next one; nothing if no way leads out.
  std::optional<MemberId> further_out(MemberId member) const;
  const Wire* find_wire(const Node& node, const Address& destination) const;
  // A membership, and who has the destination in its realm.
  struct Way {
    MemberId member = 0;
    std::optional<MemberId> to;
  };
  std::optional<Way> way_out(const Node& node, const Address& source,
                             const Address& destination) const;
  void note_families(Member& member);
  PacketId copy_of(PacketId original);
  void send(PacketKind kind, NodeId from, const Address& source, const Address& destination,
            Ecn ecn, ByteView bytes);
  Nat& nat_for(GatewayId gateway, const Packet& packet);
  static void overhear(const Realm& realm, const Packet& packet);

  // forwarding.cc: each takes the packet over.
  void leave(Instant at, const Way& way, PacketId packet);
  void enter(Instant at, MemberId to, PacketId packet);
  void enter_all(MemberId but, PacketId packet);
  void pass_outward(GatewayId gateway, PacketId packet);
  void pass_inward(GatewayId gateway, PacketId packet);
  bool is_for_itself(const Gateway& gateway, const Packet& packet) const;
  bool is_foreign(const Gateway& gateway, const Packet& packet) const;
  void serve(Gateway& gateway, PacketId packet);
  void announce_mappings(const Gateway& gateway);
  void reach_inside(const Gateway& gateway, PacketId packet);
  void cross(Instant at, LinkId link, Duration beyond, Hop hop, PacketId packet);
  void proceed(Instant at, Hop hop, PacketId packet);
  void step(Hop hop, PacketId packet);
  void drop(PacketId packet, std::uint64_t& counter);
  void apply(const Transit& transit, const LinkSpec& spec, Packet& packet);
  Duration latency(const Member& from, const Member& to) const;
  bool is_cut(const Member& from, const Member& to) const;

  // delivery.cc
  Instant delivery_time(NodeId node, Instant at) const;
  void arrive(NodeId node, PacketId packet);
  void arrive_segment(NodeId node, PacketId packet);
  bool joins_batch(const Packet& first, const Packet& next, std::size_t batch_bytes) const;
  void deliver(NodeId node, const Packet& first, std::size_t stride, ByteView bytes);

  Timeline& timeline_;
  RandomSource random_;
  std::vector<Node> nodes_;
  std::vector<Link> links_;
  std::vector<Realm> realms_;
  std::vector<Member> members_;
  std::deque<Gateway> gateways_;
  std::vector<std::vector<Duration>> latencies_;
  std::uint64_t cut_inbound_ = 0, cut_outbound_ = 0;  // islands
  PacketPool packets_;
  Bytes batch_;  // where several datagrams are laid side by side
  NetworkCounters counters_;
  DeliveryTap tap_;
};

}  // namespace kith::sim
