#include <algorithm>

#include "sim/nat/nat.h"

namespace kith::sim {
namespace {

// Owners of flows: positions of mappings, or an external port of the gateway itself.
constexpr std::uint32_t kGateway = 0x8000'0000;

std::uint32_t gateway_at(std::uint8_t ip, std::uint16_t port) {
  return kGateway | std::uint32_t{ip} << 16 | port;
}

std::uint64_t internal_hash(const Endpoint& internal, const Endpoint& remote) {
  return hash_of(remote, hash_of(internal, 0));
}

Endpoint looked_at(const Endpoint& remote, Dependence dependence) {
  switch (dependence) {
    case Dependence::endpoint_independent:
      return {};
    case Dependence::address_dependent:
      return remote.without_port();
    case Dependence::address_and_port_dependent:
      return remote;
  }
  return {};
}

}  // namespace

Endpoint Nat::as_mapped(const Endpoint& remote) const {
  return spec_.translate ? looked_at(remote, spec_.mapping) : Endpoint{};
}

Endpoint Nat::as_filtered(const Endpoint& remote) const {
  return tells_by_remote() ? remote : looked_at(remote, spec_.filtering);
}

Nat::Position Nat::find_mapping(const Endpoint& internal, const Endpoint& remote) const {
  return by_internal_.find(internal_hash(internal, remote), [&](Position at) {
    return mappings_[at].internal == internal && mappings_[at].remote == remote;
  });
}

Nat::Position Nat::mapping_towards(const Endpoint& source, const Endpoint& destination) const {
  if (for_one_ > 0) {
    const Position at = find_mapping(source, destination);
    if (at != kNowhere) return at;
  }
  return find_mapping(source, as_mapped(destination));
}

Nat::Position Nat::mapping_for_new_flow(Instant now, const Endpoint& source,
                                        const Endpoint& destination) {
  const Position at = mapping_towards(source, destination);
  if (at == kNowhere) return make_mapping(now, source, destination);
  const Mapping& mapping = mappings_[at];
  if (mapping.listed && poisoned(mapping.ip, mapping.port, destination)) {
    return make_mapping(now, source, destination);
  }
  return has_port(at, destination) ? at : kNowhere;
}

// For all remotes that share its mapping; for `destination` alone if those have one that a
// poisoned flow keeps it from, or would have.
Nat::Position Nat::make_mapping(Instant now, const Endpoint& internal,
                                const Endpoint& destination) {
  Choice choice;
  if (spec_.translate) {
    const std::optional<Choice> chosen = choose(internal, destination, nullptr);
    if (!chosen) return kNowhere;
    choice = *chosen;
  }
  Endpoint remote = as_mapped(destination);
  const bool for_one =
      remote != destination && (choice.dodged || find_mapping(internal, remote) != kNowhere);
  if (for_one) remote = destination;
  if (for_one || choice.dodged) count(NatProbe::poison_dodged);

  auto at = static_cast<Position>(mappings_.size());
  if (free_mappings_.empty()) {
    mappings_.emplace_back();
  } else {
    at = free_mappings_.back();
    free_mappings_.pop_back();
    mappings_[at] = {};
  }
  Mapping& mapping = mappings_[at];
  mapping.internal = internal;
  mapping.remote = remote;
  mapping.made = now;
  mapping.for_one = for_one;
  if (for_one) ++for_one_;
  mapping.older = newest_mapping_;
  (newest_mapping_ == kNowhere ? oldest_mapping_ : mappings_[newest_mapping_].newer) = at;
  newest_mapping_ = at;
  by_internal_.insert(internal_hash(internal, remote), at);
  if (spec_.translate) list(at, choice);
  if (spec_.absolute_timeout > Duration{}) {
    next_expiry_ = std::min(next_expiry_, now + spec_.absolute_timeout);
  }
  count(NatProbe::mapped);
  return at;
}

void Nat::forget_mapping(Position at) {
  Mapping& mapping = mappings_[at];
  for (Position flow = mapping.first_flow; flow != kNowhere;) {
    const Position after = flows_[flow].after;
    flows_.erase(flow);
    flow = after;
  }
  mapping.first_flow = kNowhere;
  if (mapping.listed) unlist(at);
  if (mapping.for_one) --for_one_;
  by_internal_.erase(internal_hash(mapping.internal, mapping.remote), at);
  (mapping.older == kNowhere ? oldest_mapping_ : mappings_[mapping.older].newer) = mapping.newer;
  (mapping.newer == kNowhere ? newest_mapping_ : mappings_[mapping.newer].older) = mapping.older;
  free_mappings_.push_back(at);
}

// A mapping usually has one flow, or was last used by its first.
Nat::Position Nat::flow_of(Position mapping, const Endpoint& filtered) const {
  const Position first = mappings_[mapping].first_flow;
  if (first != kNowhere && flows_[first].remote == filtered) return first;
  if (first == kNowhere || flows_[first].after == kNowhere) return kNowhere;
  return flows_.find(mapping, filtered);
}

bool Nat::make_room() {
  if (flows_.size() < spec_.table_size) return true;
  if (spec_.when_full == WhenFull::drop_new) return false;
  end_flow(flows_.oldest());
  count(NatProbe::evicted);
  return true;
}

Nat::Position Nat::make_flow(Instant now, Position mapping, const Endpoint& filtered) {
  const Position at = flows_.insert(now, mapping, filtered);
  const Position first = mappings_[mapping].first_flow;
  flows_[at].after = first;
  if (first != kNowhere) flows_[first].before = at;
  mappings_[mapping].first_flow = at;
  return at;
}

void Nat::refresh(Instant now, Position flow) {
  flows_.refresh(now, flow);
  next_expiry_ = std::min(next_expiry_, now + timeout_of(flows_[flow].replied));
}

// And its mapping with it, if it was the last of that.
void Nat::end_flow(Position at) {
  const Flow& flow = flows_[at];
  if ((flow.owner & kGateway) != 0) {
    --poisoned_;
    flows_.erase(at);
    return;
  }
  Mapping& mapping = mappings_[flow.owner];
  if (flow.before == kNowhere && flow.after == kNowhere) {
    forget_mapping(flow.owner);
    return;
  }
  (flow.before == kNowhere ? mapping.first_flow : flows_[flow.before].after) = flow.after;
  if (flow.after != kNowhere) flows_[flow.after].before = flow.before;
  flows_.erase(at);
}

bool Nat::poisoned(std::uint8_t ip, std::uint16_t port, const Endpoint& remote) const {
  return poisoned_ > 0 && flows_.find(gateway_at(ip, port), remote) != kNowhere;
}

void Nat::poison(Instant now, std::uint8_t ip, std::uint16_t port, const Endpoint& remote) {
  Position flow = flows_.find(gateway_at(ip, port), remote);
  if (flow == kNowhere) {
    // Nobody inside loses a flow to strangers.
    if (flows_.size() >= spec_.table_size) return;
    flow = flows_.insert(now, gateway_at(ip, port), remote);
    ++poisoned_;
    count(NatProbe::poisoned);
  }
  refresh(now, flow);
}

void Nat::expire_due(Instant now) {
  next_expiry_ = Instant::never();
  for (const bool replied : {false, true}) {
    const Duration timeout = timeout_of(replied);
    for (;;) {
      const Position at = flows_.oldest(replied);
      if (at == kNowhere) break;
      const Instant ends = flows_[at].refreshed + timeout;
      if (ends > now) {
        next_expiry_ = std::min(next_expiry_, ends);
        break;
      }
      end_flow(at);
      count(replied ? NatProbe::expired_replied : NatProbe::expired_unreplied);
    }
  }
  if (spec_.absolute_timeout == Duration{}) return;
  while (oldest_mapping_ != kNowhere) {
    const Instant ends = mappings_[oldest_mapping_].made + spec_.absolute_timeout;
    if (ends > now) {
      next_expiry_ = std::min(next_expiry_, ends);
      break;
    }
    forget_mapping(oldest_mapping_);
    count(NatProbe::expired_absolute);
  }
}

void Nat::forget_all() {
  while (oldest_mapping_ != kNowhere) forget_mapping(oldest_mapping_);
  while (flows_.size() > 0) end_flow(flows_.oldest());
}

}  // namespace kith::sim
