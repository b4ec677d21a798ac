#include "tests/discovery/dht/dht_network.h"

#include <algorithm>

namespace kith::dht {
namespace {

// RFC 4787 REQ-5: a mapping lasts at least two minutes.
constexpr Duration kNatTimeout = std::chrono::minutes(2);
constexpr std::uint64_t kLatencyMinMs = 10;
constexpr std::uint64_t kLatencyMaxMs = 150;

std::array<std::byte, 32> seed_of(std::uint64_t seed) {
  std::array<std::byte, 32> bytes{};
  for (std::size_t i = 0; i < 8; ++i) bytes[i] = static_cast<std::byte>(seed >> 8 * i & 0xff);
  return bytes;
}

}  // namespace

DhtNetwork::DhtNetwork(std::uint64_t seed) : random_(seed_of(seed)) {}

Address DhtNetwork::unused_address() {
  for (;;) {
    const auto ip = random_.bytes<4>();
    Address address;
    std::copy(ip.begin(), ip.end(), address.ip.begin());
    address.port = static_cast<std::uint16_t>(1024 + random_.below(60000));
    if (is_global(address) && !by_address_.contains(address)) return address;
  }
}

DhtNetwork::HostId DhtNetwork::add(bool behind_nat, Config config, ByteView saved) {
  return add_at(unused_address(), behind_nat, std::move(config), saved);
}

DhtNetwork::HostId DhtNetwork::add_at(const Address& address, bool behind_nat, Config config,
                                      ByteView saved) {
  const HostId id = hosts_.size();
  Host& host = hosts_.emplace_back();
  host.address = address;
  host.behind_nat = behind_nat;
  host.node = std::make_unique<DhtNode>(now_, std::move(config), random_.fork("node", id), saved);
  by_address_[address] = id;
  drain(id);
  return id;
}

DhtNetwork::HostId DhtNetwork::add_responder(const Address& address, Responder responder) {
  const HostId id = hosts_.size();
  Host& host = hosts_.emplace_back();
  host.address = address;
  host.responder = std::move(responder);
  by_address_[address] = id;
  return id;
}

void DhtNetwork::remove(HostId host) {
  hosts_[host].alive = false;
  by_address_.erase(hosts_[host].address);
  wakeups_.erase({hosts_[host].wakeup, host});
  hosts_[host].wakeup = Instant::never();
  hosts_[host].node.reset();
}

void DhtNetwork::move(HostId host) {
  by_address_.erase(hosts_[host].address);
  hosts_[host].address = unused_address();
  hosts_[host].opened.clear();
  by_address_[hosts_[host].address] = host;
}

std::vector<DhtNetwork::HostId> DhtNetwork::living() const {
  std::vector<HostId> living;
  for (HostId id = 0; id < hosts_.size(); ++id) {
    if (hosts_[id].alive && hosts_[id].node) living.push_back(id);
  }
  return living;
}

void DhtNetwork::send(const Address& from, const Address& to, Bytes bytes) {
  ++counts_.sent;
  counts_.bytes += bytes.size();
  const bool lost = random_.chance(loss_per_mille, 1000);
  const std::uint64_t ms = kLatencyMinMs + random_.below(kLatencyMaxMs - kLatencyMinMs);
  if (lost) {
    ++counts_.lost;
    return;
  }
  const Instant at = now_ + std::chrono::milliseconds(static_cast<std::int64_t>(ms));
  flying_.emplace(std::pair(at, ++last_packet_), Packet{from, to, std::move(bytes)});
}

void DhtNetwork::drain(HostId id) {
  Host& host = hosts_[id];
  while (auto datagram = host.node->poll_transmit()) {
    ++host.counts.sent;
    host.counts.bytes += datagram->bytes.size();
    if (host.behind_nat) host.opened[datagram->to] = now_ + kNatTimeout;
    send(host.address, datagram->to, std::move(datagram->bytes));
  }
  while (auto event = host.node->poll_event()) host.events.push_back(std::move(*event));
  const Instant wakeup = host.node->next_wakeup();
  if (wakeup == host.wakeup) return;
  wakeups_.erase({host.wakeup, id});
  host.wakeup = wakeup;
  if (wakeup != Instant::never()) wakeups_.emplace(wakeup, id);
}

void DhtNetwork::deliver(const Packet& packet) {
  const auto found = by_address_.find(packet.to);
  if (found == by_address_.end()) return;
  Host& host = hosts_[found->second];
  if (host.responder) {
    if (auto reply = host.responder(packet.from, packet.bytes)) {
      send(packet.to, packet.from, std::move(*reply));
    }
    return;
  }
  if (host.behind_nat) {
    const auto opened = host.opened.find(packet.from);
    if (opened == host.opened.end() || opened->second <= now_) {
      ++counts_.filtered;
      return;
    }
  }
  host.node->handle_datagram(now_, packet.from, packet.bytes);
  drain(found->second);
}

bool DhtNetwork::step(Instant until) {
  const Instant packet = flying_.empty() ? Instant::never() : flying_.begin()->first.first;
  const Instant wakeup = wakeups_.empty() ? Instant::never() : wakeups_.begin()->first;
  const Instant next = std::min(packet, wakeup);
  if (next > until) {
    now_ = until;
    return false;
  }
  now_ = std::max(now_, next);
  if (packet <= wakeup) {
    const Packet arrived = std::move(flying_.begin()->second);
    flying_.erase(flying_.begin());
    deliver(arrived);
    return true;
  }
  const HostId id = wakeups_.begin()->second;
  wakeups_.erase(wakeups_.begin());
  hosts_[id].wakeup = Instant::never();
  hosts_[id].node->on_wakeup(now_);
  drain(id);
  return true;
}

void DhtNetwork::run_for(Duration time) {
  const Instant until = now_ + time;
  while (step(until)) {
  }
}

}  // namespace kith::dht
