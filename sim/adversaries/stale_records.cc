#include "sim/adversaries/stale_records.h"

#include <algorithm>
#include <utility>

#include "engine/discovery/mdns/limits.h"
#include "engine/dns/parse.h"
#include "sim/network/headers.h"

namespace kith::sim {
namespace {

// An announcement or answer, not a goodbye.
bool says_that_somebody_is_there(ByteView bytes) {
  const auto message = dns::parse(bytes);
  return message && message->header.response &&
         std::any_of(message->answers.begin(), message->answers.end(),
                     [](const dns::Record& record) { return record.ttl > 0; });
}

}  // namespace

StaleRecords::StaleRecords(World& world, const StaleRecordsSpec& spec, std::uint64_t index)
    : Adversary(world, spec.site, index), repeats_from_(world.now() + spec.listening) {
  // In the internet it answers others, and does nothing by itself.
  act(repeats_from_, spec.site ? spec.every : spec.lasting, repeats_from_ + spec.lasting);
  if (spec.site) return;
  world.network().tap_realm(realm(), [this](const Packet& packet) { overhear(packet); });
}

void StaleRecords::hear(Instant, const Arrival& arrival) {
  if (!listening() || !is_multicast(arrival.local) || arrival.local.port != mdns::kPort) return;
  if (answers_.size() >= kMostKept || !says_that_somebody_is_there(arrival.bytes)) return;
  answers_.push_back({arrival.remote, arrival.local, to_bytes(arrival.bytes)});
}

void StaleRecords::overhear(const Packet& packet) {
  if (!acting() || packet.kind != PacketKind::datagram) return;
  const auto message = dht::decode(packet.bytes);
  if (!message) return;
  if (const auto* response = std::get_if<dht::Response>(&message->body)) {
    if (nodes_.size() < kMostKept) nodes_.insert_or_assign(packet.source, response->id);
    if (listening()) keep(*response);
  } else if (const auto* query = std::get_if<dht::Query>(&message->body)) {
    const auto* get = std::get_if<dht::Get>(&query->request);
    if (get != nullptr && !listening()) answer(packet, *message, *get);
  }
}

// The first of each key: the oldest.
void StaleRecords::keep(const dht::Response& response) {
  if (!response.key || !response.value || !response.seq || !response.signature) return;
  if (items_.size() < kMostKept) items_.emplace(dht::mutable_target(*response.key, {}), response);
}

void StaleRecords::answer(const Packet& packet, const dht::Message& message, const dht::Get& get) {
  const auto item = items_.find(get.target);
  const auto node = nodes_.find(packet.destination);
  if (item == items_.end() || node == nodes_.end() || replies_.size() >= kMostKept) return;
  dht::Message reply;
  reply.transaction = message.transaction;
  reply.external = packet.source;
  dht::Response response = item->second;
  response.id = node->second;
  reply.body = std::move(response);
  if (replies_.empty()) tick_soon();
  replies_.push_back({packet.destination, packet.source, dht::encode(reply)});
}

void StaleRecords::on_tick(Instant) {
  const std::vector<Reply> replies = std::exchange(replies_, {});
  for (const Reply& reply : replies) {
    fire(Probe::stale_item);
    send(reply.source, reply.destination, reply.bytes);
  }
  if (answers_.empty()) return;
  const Answer& old = answers_[static_cast<std::size_t>(draws().below(answers_.size()))];
  fire(Probe::stale_answer);
  send(old.source, old.group, old.bytes);
}

}  // namespace kith::sim
