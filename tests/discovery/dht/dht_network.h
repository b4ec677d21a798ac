#pragma once

// Many nodes of the DHT in one deterministic internet: latency, loss, NATs that let in only who was
// sent to, and hosts that come and go. Sybils are strangers in it that answer what suits them.

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "engine/base/random.h"
#include "engine/discovery/dht/node.h"

namespace kith::dht {

class DhtNetwork {
 public:
  using HostId = std::size_t;
  struct Counts {
    std::uint64_t sent = 0;
    std::uint64_t bytes = 0;
    std::uint64_t lost = 0;
    std::uint64_t filtered = 0;  // by a NAT
  };
  // The answer of a host that is no node, if it gives one.
  using Responder = std::function<std::optional<Bytes>(const Address& source, ByteView bytes)>;

  explicit DhtNetwork(std::uint64_t seed);

  Instant now() const { return now_; }
  RandomSource& random() { return random_; }
  Address unused_address();

  // A port of its own at a global IPv4 address.
  HostId add(bool behind_nat, Config config = {}, ByteView saved = {});
  HostId add_at(const Address& address, bool behind_nat, Config config, ByteView saved = {});
  HostId add_responder(const Address& address, Responder responder);
  void remove(HostId host);
  // The NAT in front of the host has another address now.
  void move(HostId host);

  bool alive(HostId host) const { return hosts_[host].alive; }
  DhtNode& node(HostId host) { return *hosts_[host].node; }
  const Address& address(HostId host) const { return hosts_[host].address; }
  bool behind_nat(HostId host) const { return hosts_[host].behind_nat; }
  std::size_t size() const { return hosts_.size(); }
  std::vector<HostId> living() const;
  std::vector<Event>& events(HostId host) { return hosts_[host].events; }
  const Counts& sent_by(HostId host) const { return hosts_[host].counts; }
  const Counts& counts() const { return counts_; }
  RequestId next_request() { return {++last_request_}; }

  void send(const Address& from, const Address& to, Bytes bytes);
  // Tells what a command of the node left to send and to wake up for.
  void drain(HostId host);
  void run_for(Duration time);
  // Until the host has an event of this kind about the request, or the time is over.
  template <class Done>
  std::optional<Done> await(HostId host, RequestId request, Duration time);

  std::uint32_t loss_per_mille = 10;

 private:
  struct Host {
    std::unique_ptr<DhtNode> node;
    Responder responder;
    Address address;
    bool behind_nat = false;
    bool alive = true;
    Instant wakeup = Instant::never();
    std::map<Address, Instant> opened;
    std::vector<Event> events;
    Counts counts;
  };
  struct Packet {
    Address from;
    Address to;
    Bytes bytes;
  };

  bool step(Instant until);
  void deliver(const Packet& packet);

  Instant now_{1'000'000'000};
  RandomSource random_;
  std::vector<Host> hosts_;
  std::map<Address, HostId> by_address_;
  std::map<std::pair<Instant, std::uint64_t>, Packet> flying_;
  std::set<std::pair<Instant, HostId>> wakeups_;
  std::uint64_t last_packet_ = 0;
  std::uint64_t last_request_ = 0;
  Counts counts_;
};

template <class Done>
std::optional<Done> DhtNetwork::await(HostId host, RequestId request, Duration time) {
  const Instant until = now_ + time;
  std::size_t seen = 0;
  for (;;) {
    auto& events = hosts_[host].events;
    for (; seen < events.size(); ++seen) {
      const auto* done = std::get_if<Done>(&events[seen]);
      if (done != nullptr && done->request == request) return *done;
    }
    if (!step(until)) return std::nullopt;
  }
}

}  // namespace kith::dht
