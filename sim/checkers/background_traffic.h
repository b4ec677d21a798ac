#pragma once

// Invariant: who has nothing to do says little. What a device sends in one life to find others, and
// to keep what is between them, has a budget for every minute, wherever the minute begins:
//
//   questions to the DHT, in all, and the same question to the same node
//   datagrams of multicast DNS
//   small packets of QUIC to one address, while the device has nothing under way
//
// Answers to the DHT are not counted: dht/node.h has budgets for those. Nor are dials, which
// bounded_retries.h counts, and resets, of which each is shorter than what it answers, so that they
// end. Nothing is under way while no command is given, no event told, no effect carried out, and
// nothing long comes or goes: a part of a file or a message, a probe of what the path takes. A
// keep-alive as long as those is not seen.

#include <compare>
#include <cstdint>
#include <deque>
#include <map>
#include <string_view>

#include "engine/discovery/dht/node_id.h"
#include "engine/discovery/mdns/limits.h"
#include "sim/checkers/checker.h"
#include "sim/checkers/mdns_sockets.h"
#include "sim/world/device.h"

namespace kith::sim {

// How often something happened within the span of time that ends now.
class Recent {
 public:
  explicit Recent(Duration span = std::chrono::minutes(1)) : span_(span) {}

  void add(Instant now);
  std::size_t count(Instant now);
  void forget() { times_.clear(); }
  bool is_over(Instant now) const { return times_.empty() || times_.back() + span_ <= now; }

 private:
  Duration span_;
  std::deque<Instant> times_;
};

class BackgroundTraffic final : public Checker {
 public:
  std::string_view name() const override { return "background_traffic"; }

  void on_input(Device& device, Instant at, const Input& input) override;
  void on_output(Device& device, Instant at, const Output& output) override;
  void on_stopped(Device& device, Instant at, Ending ending) override;
  void on_transmit(Device& device, Instant at, const Transmit& transmit, ByteView bytes) override;

  // Some ten walks: two names published and one looked for up to six times (directory.h), each with
  // a question to every near node, and neighbours looked for whenever the network changes.
  static constexpr std::size_t kMostQuestions = 500;
  // A walk asks a node once. The same walk is begun after 3, 6, 12 and 15 s, and anew for each
  // network, for each attempt of a person, and for what is put.
  static constexpr std::size_t kMostSameQuestions = 30;
  // On each interface and in both families three probes, two announcements and questions after 1,
  // 2, 4, ... s (RFC 6762 sections 5.2 and 8), and again when the network changes. Who finds every
  // name taken tries fifteen at once and then one every 5 s: four datagrams each.
  static constexpr std::size_t kMostMulticastDns = 260;
  // Each that was heard, for as long as it may be believed, allows one more: it may be a question,
  // and what it tells is asked for again before it is forgotten (section 5.2).
  static constexpr Duration kBelieved = std::chrono::seconds(mdns::kMaxTtl);
  // A ping every 10 s and the answer to the peer's. When the way is lost, each connection probes it
  // with two packets after 3, 6, 12 ms, ... 20 s on a LAN (RFC 9002 section 6.2): 26. A minute has
  // room for four losses, and a pair four connections beside those of applications.
  static constexpr std::size_t kProbesOfConnection = 4 * 26;
  static constexpr std::size_t kMostSmallPackets = 4 * kProbesOfConnection;
  // Pings and acknowledgements are shorter.
  static constexpr std::size_t kSmallBytes = 100;

 private:
  struct Question {
    Address to;
    std::size_t kind = 0;  // of dht::Request
    dht::NodeId target;
    friend auto operator<=>(const Question&, const Question&) = default;
  };
  // What came last from an address, in bytes of a datagram.
  struct Heard {
    Instant at;
    std::size_t first = 0;
    std::size_t last = 0;  // of its batch
  };
  struct Watched {
    MdnsSockets multicast_dns_sockets;
    Recent questions;
    std::map<Question, Recent> asked;
    Recent multicast_dns;
    Recent multicast_dns_heard{kBelieved};
    std::map<Address, Recent> small_packets;
    std::size_t application_connections = 0;  // made in this life
    std::map<Address, Heard> heard;           // small packets, at the instant of the last
  };

  static void on_received(Watched& watched, Instant at, const DatagramsReceived& received);
  static bool is_reset(const Watched& watched, Instant at, const Address& to, std::size_t bytes);
  void on_multicast_dns(Device& device, Instant at);
  void on_question(Device& device, Instant at, const Address& to, ByteView query);
  void on_quic(Device& device, Instant at, const Address& to, std::size_t bytes);

  std::map<DeviceIndex, Watched> devices_;
};

}  // namespace kith::sim
