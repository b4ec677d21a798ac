#include "sim/adversaries/spoofer.h"

#include "sim/adversaries/forge.h"
#include "sim/checkers/quic_header.h"
#include "sim/network/headers.h"

namespace kith::sim {
namespace {

// One datagram of so many is kept instead of the one before it.
constexpr std::uint64_t kKeptOneOf = 8;
constexpr std::size_t kMostRandomBytes = 1200;

}  // namespace

Spoofer::Spoofer(World& world, const SpooferSpec& spec, std::uint64_t index)
    : Adversary(world, spec.site, index), spec_(spec), samples_(draws().fork("samples")) {
  act(world.now() + spec.every, spec.every, world.now() + spec.lasting);
  world.network().tap_realm(realm(), [this](const Packet& packet) { overhear(packet); });
}

void Spoofer::overhear(const Packet& packet) {
  if (!acting() || packet.kind != PacketKind::datagram || is_multicast(packet.destination)) return;
  Conversation& heard = conversation(packet);
  if (heard.sample.empty() || samples_.next_u64() % kKeptOneOf == 0) heard.sample = packet.bytes;
  const auto header = read_long_header(packet.bytes);
  if (!header) return;
  heard.from_id.assign(header->source.begin(), header->source.end());
  heard.to_id.assign(header->destination.begin(), header->destination.end());
}

Spoofer::Conversation& Spoofer::conversation(const Packet& packet) {
  const auto found = by_ends_.find({packet.source, packet.destination});
  if (found != by_ends_.end()) return conversations_[found->second];
  std::size_t at = conversations_.size();
  if (at < kMostConversations) {
    conversations_.emplace_back();
  } else {
    at = oldest_;
    oldest_ = (oldest_ + 1) % kMostConversations;
    by_ends_.erase({conversations_[at].source, conversations_[at].destination});
  }
  conversations_[at] = {packet.source, packet.destination, {}, {}, {}};
  by_ends_.emplace(std::pair(packet.source, packet.destination), at);
  if (fresh_.empty()) tick_soon();
  if (fresh_.size() < kMostConversations) fresh_.push_back(at);
  return conversations_[at];
}

void Spoofer::on_tick(Instant now) {
  if (fresh_.empty() && conversations_.empty()) return;
  if (fresh_.empty()) {
    return forge(now,
                 conversations_[static_cast<std::size_t>(draws().below(conversations_.size()))]);
  }
  const std::vector<std::size_t> fresh = std::move(fresh_);
  fresh_.clear();
  for (const std::size_t at : fresh) forge(now, conversations_[at]);
}

void Spoofer::forge(Instant now, const Conversation& heard) {
  const auto which = static_cast<std::size_t>(draws().below(spec_.sends.size()));
  switch (spec_.sends[which]) {
    case Forgery::random: {
      fire(Probe::spoofed_random);
      const Bytes bytes = forge::random_bytes(draws(), 1, kMostRandomBytes);
      return send(heard.source, heard.destination, bytes);
    }
    case Forgery::replayed: {
      fire(Probe::spoofed_replay);
      // Mostly as it was, at times as if another had sent it.
      const Conversation& other =
          conversations_[static_cast<std::size_t>(draws().below(conversations_.size()))];
      const bool as_other = draws().chance(1, 4);
      return send(as_other ? other.source : heard.source, heard.destination, heard.sample);
    }
    case Forgery::version_negotiation: {
      fire(Probe::spoofed_version_negotiation);
      const Bytes bytes = forge::version_negotiation(draws(), heard.from_id, heard.to_id);
      return send(heard.destination, heard.source, bytes);
    }
    case Forgery::stateless_reset: {
      fire(Probe::spoofed_stateless_reset);
      const Bytes bytes = forge::stateless_reset(draws(), heard.sample);
      return send(heard.source, heard.destination, bytes);
    }
    case Forgery::initial: {
      fire(Probe::spoofed_initial);
      const Bytes bytes = forge::initial(draws(), now, heard.source, heard.destination);
      return send(heard.source, heard.destination, bytes);
    }
  }
}

}  // namespace kith::sim
