#include "sim/checkers/background_traffic.h"

#include <fmt/core.h>

#include <algorithm>

#include "engine/discovery/dht/krpc.h"
#include "engine/discovery/mdns/limits.h"
#include "sim/checkers/krpc_query.h"
#include "sim/checkers/quic_header.h"
#include "sim/checkers/transfer_watch.h"

namespace kith::sim {
namespace {

// Of one thing: far above any budget.
constexpr std::size_t kMostCounted = 10'000;
// Questions, and addresses, that are told apart for one device: more than it has in a minute.
constexpr std::size_t kMostRemembered = 4'096;

// What a stateless reset has at most (engine/quic/first_packet.cc).
constexpr std::size_t kResetBytes = 42;

dht::NodeId target_of(const dht::Request& request) {
  struct Target {
    dht::NodeId operator()(const dht::Ping&) const { return {}; }
    dht::NodeId operator()(const dht::FindNode& find) const { return find.target; }
    dht::NodeId operator()(const dht::GetPeers& get) const { return get.info_hash; }
    dht::NodeId operator()(const dht::AnnouncePeer& announce) const { return announce.info_hash; }
    dht::NodeId operator()(const dht::Get& get) const { return get.target; }
    dht::NodeId operator()(const dht::PutImmutable& put) const {
      return dht::immutable_target(put.value);
    }
    dht::NodeId operator()(const dht::PutMutable& put) const {
      return dht::mutable_target(put.item.key, put.item.salt);
    }
  };
  return std::visit(Target{}, request);
}

// Those of which nothing was heard lately make room.
template <class Key>
Recent& remembered(std::map<Key, Recent>& all, const Key& key, Instant now) {
  if (all.size() >= kMostRemembered) {
    std::erase_if(all, [now](const auto& each) { return each.second.is_over(now); });
  }
  if (all.size() >= kMostRemembered) all.clear();
  return all[key];
}

}  // namespace

void Recent::add(Instant now) {
  times_.push_back(now);
  if (times_.size() > kMostCounted) times_.pop_front();
}

std::size_t Recent::count(Instant now) {
  while (!times_.empty() && times_.front() + span_ <= now) times_.pop_front();
  return times_.size();
}

void BackgroundTraffic::on_stopped(Device& device, Instant, Ending) {
  devices_.erase(device.index());
}

void BackgroundTraffic::on_input(Device& device, Instant at, const Input& input) {
  Watched& watched = devices_[device.index()];
  watched.multicast_dns_sockets.on_input(input);
  if (const auto* received = std::get_if<DatagramsReceived>(&input)) {
    on_received(watched, at, *received);
  } else if (!std::holds_alternative<TimerFired>(input)) {
    watched.small_packets.clear();
  }
}

void BackgroundTraffic::on_received(Watched& watched, Instant at,
                                    const DatagramsReceived& received) {
  if (received.local.port == mdns::kPort) {
    watched.multicast_dns_heard.add(at);
    return;
  }
  if (received.stride == 0 || received.bytes.empty()) return;
  const std::size_t last = (received.bytes.size() - 1) % received.stride + 1;
  if (received.stride > kSmallBytes) watched.small_packets.clear();
  if (!watched.heard.empty() && watched.heard.begin()->second.at != at) watched.heard.clear();
  watched.heard[received.remote] = {at, std::min(received.stride, received.bytes.size()), last};
}

void BackgroundTraffic::on_output(Device& device, Instant, const Output& output) {
  if (!std::holds_alternative<Event>(output)) return;
  Watched& watched = devices_[device.index()];
  watched.small_packets.clear();
  if (event_in<PeerConnected>(output) != nullptr) ++watched.application_connections;
}

void BackgroundTraffic::on_transmit(Device& device, Instant at, const Transmit& transmit,
                                    ByteView bytes) {
  const Address& to = transmit.remote;
  const bool multicast_dns =
      devices_[device.index()].multicast_dns_sockets.contains(transmit.socket);
  for_each_datagram(bytes, transmit.segment_size, [&](ByteView datagram) {
    if (multicast_dns) {
      on_multicast_dns(device, at);
    } else if (is_krpc_query(datagram)) {
      on_question(device, at, to, datagram);
    } else if (!has_long_header(datagram)) {
      on_quic(device, at, to, datagram.size());
    }
  });
}

void BackgroundTraffic::on_multicast_dns(Device& device, Instant at) {
  Watched& watched = devices_[device.index()];
  watched.multicast_dns.add(at);
  const std::size_t sent = watched.multicast_dns.count(at);
  if (sent <= kMostMulticastDns) return;
  const std::size_t heard = watched.multicast_dns_heard.count(at);
  if (sent <= kMostMulticastDns + heard) return;
  watched.multicast_dns.forget();
  violate(
      device, at,
      fmt::format("sent {} datagrams of multicast DNS within a minute, and heard {}", sent, heard));
}

void BackgroundTraffic::on_question(Device& device, Instant at, const Address& to, ByteView query) {
  Watched& watched = devices_[device.index()];
  watched.questions.add(at);
  if (watched.questions.count(at) > kMostQuestions) {
    watched.questions.forget();
    violate(device, at, fmt::format("asked over {} questions within a minute", kMostQuestions));
  }
  const auto message = dht::decode(query);
  const auto* asked = message ? std::get_if<dht::Query>(&message->body) : nullptr;
  if (asked == nullptr) return;
  Recent& same = remembered(watched.asked,
                            Question{to, asked->request.index(), target_of(asked->request)}, at);
  same.add(at);
  if (same.count(at) <= kMostSameQuestions) return;
  same.forget();
  violate(device, at,
          fmt::format("asked {} the same over {} times within a minute", to.to_string(),
                      kMostSameQuestions));
}

bool BackgroundTraffic::is_reset(const Watched& watched, Instant at, const Address& to,
                                 std::size_t bytes) {
  const auto found = watched.heard.find(to);
  if (found == watched.heard.end() || found->second.at != at) return false;
  const Heard& heard = found->second;
  return bytes == std::min(kResetBytes, heard.first - 1) ||
         bytes == std::min(kResetBytes, heard.last - 1);
}

void BackgroundTraffic::on_quic(Device& device, Instant at, const Address& to, std::size_t bytes) {
  Watched& watched = devices_[device.index()];
  if (bytes > kSmallBytes) {
    watched.small_packets.clear();
    return;
  }
  if (is_reset(watched, at, to, bytes)) return;
  Recent& small = remembered(watched.small_packets, to, at);
  small.add(at);
  const std::size_t most =
      kMostSmallPackets + watched.application_connections * kProbesOfConnection;
  if (small.count(at) <= most) return;
  small.forget();
  violate(device, at,
          fmt::format("sent {} over {} small packets within a minute, and had nothing to do",
                      to.to_string(), most));
}

}  // namespace kith::sim
