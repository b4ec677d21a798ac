#include "sim/checkers/amplification.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>

#include "engine/quic/router.h"
#include "sim/checkers/quic_header.h"

namespace kith::sim {
namespace {

// Of one address. A datagram damaged on its way may bring wrong ones.
constexpr std::size_t kMostIds = 16;

// A bencoded dictionary. A short packet of QUIC looks like one once in 65,536.
bool is_krpc(ByteView datagram) {
  constexpr std::byte kDictionary{'d'};
  constexpr std::byte kEnd{'e'};
  return datagram.front() == kDictionary && datagram.back() == kEnd;
}

bool contains(const std::deque<Bytes>& ids, ByteView id) {
  return std::any_of(ids.begin(), ids.end(),
                     [&](const Bytes& each) { return std::ranges::equal(each, id); });
}

void note(std::deque<Bytes>& ids, ByteView id) {
  if (contains(ids, id)) return;
  ids.emplace_back(id.begin(), id.end());
  if (ids.size() > kMostIds) ids.pop_front();
}

// The id that a packet with a short header goes to.
std::optional<ByteView> short_destination(ByteView datagram) {
  if (datagram.size() <= quic::kConnectionIdBytes || has_long_header(datagram)) return std::nullopt;
  return datagram.subspan(1, quic::kConnectionIdBytes);
}

}  // namespace

void Amplification::on_stopped(Device& device, Instant, Ending) { devices_.erase(device.index()); }

void Amplification::on_input(Device& device, Instant, const Input& input) {
  Life& life = devices_[device.index()];
  life.multicast_dns.on_input(input);
  const auto* received = std::get_if<DatagramsReceived>(&input);
  if (received == nullptr) return;
  for_each_datagram(received->bytes, received->stride, [&](ByteView datagram) {
    receive_elsewhere(life, received->remote, datagram);
  });
  Remote& remote = life.remotes[received->remote];
  if (remote.proven) return;
  for_each_datagram(received->bytes, received->stride,
                    [&](ByteView datagram) { receive(remote, datagram); });
}

void Amplification::receive(Remote& remote, ByteView datagram) {
  remote.received_bytes += datagram.size();
  while (!datagram.empty()) {
    const auto header = read_long_header(datagram);
    if (!header) break;
    const bool token = header->type == LongType::initial && header->token_bytes > 0;
    if (header->version != 0 && (header->type == LongType::handshake || token)) {
      remote.proven = true;
    }
    note(remote.ids, header->source);
    datagram = datagram.subspan(header->packet_bytes);
  }
  // A short packet after an answer: only who received it goes on.
  const bool is_short = !datagram.empty() && (datagram[0] & std::byte{0x80}) == std::byte{0};
  if (is_short && remote.sent_bytes > 0) remote.proven = true;
  if (const auto id = short_destination(datagram)) note(remote.spoken_to, *id);
}

// Perhaps the answer to a challenge that was sent to another address.
void Amplification::receive_elsewhere(Life& life, const Address& from, ByteView datagram) {
  const auto id = short_destination(datagram);
  if (!id || datagram.size() != kWholeBytes) return;
  for (auto& [address, remote] : life.remotes) {
    if (remote.proven || remote.sent_bytes == 0 || address == from) continue;
    if (contains(remote.spoken_to, *id)) remote.proven = true;
  }
}

void Amplification::on_transmit(Device& device, Instant at, const Transmit& transmit,
                                ByteView bytes) {
  Life& life = devices_[device.index()];
  // Multicast DNS stays on its link, and a node of the DHT has budgets of its own (schemas/dht.md).
  if (life.multicast_dns.contains(transmit.socket) || is_krpc(bytes)) return;
  Remote& remote = life.remotes[transmit.remote];
  if (remote.proven) return;
  for_each_datagram(bytes, transmit.segment_size, [&](ByteView datagram) {
    if (is_dial(remote, datagram)) remote.proven = true;
  });
  if (remote.proven) return;
  remote.sent_bytes += bytes.size();
  if (remote.sent_bytes > kMostTimes * remote.received_bytes) {
    violate(device, at,
            fmt::format("has sent {} bytes to {}, which is unproven and sent {}", remote.sent_bytes,
                        transmit.remote.to_string(), remote.received_bytes));
  }
}

// A packet to an id that the other did not name.
bool Amplification::is_dial(const Remote& remote, ByteView datagram) const {
  const auto header = read_long_header(datagram);
  if (!header || header->type != LongType::initial) return false;
  return !contains(remote.ids, header->destination);
}

}  // namespace kith::sim
