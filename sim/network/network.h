#pragma once

// Nodes joined by links, and the datagrams between them.
//
//   send --> interface (queue of the sender: back pressure, never a drop)
//        --> link chosen by the destination address (link.h) --> arrival at the node at its end
//        --> DatagramSink, several equal datagrams of one instant in one batch as GRO gives them
//
// A node is a host today; routers and NATs are nodes that send on what arrives. It does not own:
// sockets and ports (the device finds those), nor what a host does with a datagram.

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "engine/base/random.h"
#include "kith/address.h"
#include "kith/bytes.h"
#include "sim/network/link.h"
#include "sim/network/packet_pool.h"
#include "sim/world/timeline.h"

namespace kith::sim {

using LinkId = std::uint32_t;

// One batch at a host: datagrams of `stride` bytes, the last perhaps shorter. Borrowed.
struct Arrival {
  const Address& local;
  const Address& remote;
  Ecn ecn = Ecn::not_ect;
  std::size_t stride = 0;
  ByteView bytes;
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

struct NetworkCounters {
  std::uint64_t sent = 0;
  std::uint64_t delivered = 0;
  std::uint64_t batches = 0;  // deliveries, each of one datagram or more
  std::uint64_t lost = 0;
  std::uint64_t duplicated = 0;
  std::uint64_t corrupted = 0;
  std::uint64_t queue_full = 0;
  std::uint64_t too_big = 0;
  std::uint64_t link_down = 0;
  std::uint64_t unroutable = 0;
};

class Network final : public EventTarget {
 public:
  Network(Timeline& timeline, RandomSource random)
      : timeline_(timeline), random_(std::move(random)) {}

  // `sink` outlives the network.
  NodeId add_node(DatagramSink& sink, const InterfaceSpec& interface = {});

  // Gives a node an address; its port is not looked at.
  void add_address(NodeId node, const Address& address);
  const std::vector<Address>& addresses(NodeId node) const { return nodes_[node].addresses; }

  // Makes one direction of a link and routes to all of the target's addresses over it.
  LinkId connect(NodeId from, NodeId to, const LinkSpec& spec);
  const LinkSpec& link(LinkId id) const { return ends_[id].link.spec(); }
  void change_link(LinkId id, const LinkSpec& spec) { ends_[id].link.change(spec); }

  // Whether the node's interface has room; if not, when it has again.
  bool can_send(NodeId node) const;
  Instant room_at(NodeId node) const;

  // One datagram. It may be lost on the way, never here.
  void send(NodeId from, const Address& source, const Address& destination, Ecn ecn,
            ByteView bytes);

  const NetworkCounters& counters() const { return counters_; }
  std::size_t in_flight() const { return packets_.in_use(); }

  // Sees, and may alter, every datagram just before it is delivered. For tests and adversaries.
  using DeliveryTap = std::function<void(Instant, NodeId to, std::span<std::byte>)>;
  void set_delivery_tap(DeliveryTap tap) { tap_ = std::move(tap); }

  void on_event(Instant now, std::uint64_t argument) override;

 private:
  // An IP address in a form that compares fast.
  struct IpKey {
    std::uint64_t high = 0, low = 0;
    Address::Family family = Address::Family::ipv4;
    friend constexpr auto operator<=>(const IpKey&, const IpKey&) = default;
  };
  struct Route {
    IpKey to;
    LinkId link = 0;
  };
  struct Node {
    DatagramSink* sink = nullptr;
    InterfaceSpec interface;
    Instant free_at;  // when all that was sent has left the interface
    std::vector<Address> addresses;
    std::vector<Route> routes;  // sorted by `to`
  };
  struct LinkEnd {
    Link link;
    NodeId to = 0;
  };

  static IpKey key_of(const Address& address);
  LinkEnd* route(const Node& node, const Address& destination);
  void schedule_arrival(Instant at, PacketId packet);
  PacketId copy_of(PacketId original);
  bool count_fate(Fate fate);
  bool joins_batch(const Packet& first, const Packet& next, std::size_t batch_bytes) const;
  void deliver(Instant now, const Packet& first, std::size_t stride, ByteView bytes);

  Timeline& timeline_;
  RandomSource random_;
  std::vector<Node> nodes_;
  std::vector<LinkEnd> ends_;
  PacketPool packets_;
  Bytes batch_;  // where several datagrams are laid side by side
  NetworkCounters counters_;
  DeliveryTap tap_;
};

}  // namespace kith::sim
