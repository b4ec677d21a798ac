#include <algorithm>

#include "engine/base/check.h"
#include "sim/nat/nat.h"

namespace kith::sim {

std::optional<std::uint8_t> Nat::own_index(const Endpoint& address) const {
  const Endpoint ip = address.without_port();
  for (std::size_t i = 0; i < own_.size(); ++i) {
    if (own_[i] == ip) return static_cast<std::uint8_t>(i);
  }
  return std::nullopt;
}

bool Nat::is_taken(std::uint16_t external_port) const {
  return std::any_of(ports_.begin(), ports_.end(),
                     [&](const PortSet& taken) { return taken.contains(external_port); });
}

Address Nat::own_endpoint(std::uint8_t ip, std::uint16_t port) const {
  Address out = external_ips_[ip];
  out.port = port;
  return out;
}

std::uint32_t Nat::draw_below(std::uint32_t bound) {
  return static_cast<std::uint32_t>((draws_.next_u64() >> 32) * bound >> 32);
}

std::uint8_t Nat::paired(const Endpoint& internal) const {
  if (own_.size() == 1) return 0;
  const Endpoint ip = internal.without_port();
  return static_cast<std::uint8_t>(hash_of(ip, pool_seed_) % own_.size());
}

std::optional<Nat::Choice> Nat::choose(const Endpoint& internal, const Endpoint& destination,
                                       const Mapping* leaves) {
  const auto pool = static_cast<std::uint32_t>(own_.size());
  if (spec_.pooling == Pooling::paired || pool == 1) {
    return choose_on(paired(internal), internal, destination, leaves);
  }
  const std::uint32_t first = draw_below(pool);
  for (std::uint32_t i = 0; i < pool; ++i) {
    const auto ip = static_cast<std::uint8_t>((first + i) % pool);
    if (const auto choice = choose_on(ip, internal, destination, leaves)) return choice;
  }
  return std::nullopt;
}

std::optional<Nat::Choice> Nat::choose_on(std::uint8_t ip, const Endpoint& internal,
                                          const Endpoint& destination, const Mapping* leaves) {
  const std::uint16_t port = internal.port();
  Choice choice{port, ip, false};
  Search where{.first = 0, .low = kFirstDrawnPort};
  switch (spec_.port_policy) {
    case PortPolicy::preserve:
    case PortPolicy::preserve_overload: {
      const bool taken = ports_[ip].contains(port);
      const bool shared = taken && spec_.port_policy == PortPolicy::preserve_overload &&
                          shareable(ip, port, internal);
      if ((!taken || shared) && may_have(choice, destination, leaves)) {
        if (shared) count(NatProbe::port_shared);
        return choice;
      }
      if (taken) count(NatProbe::port_taken);
      if (port < kFirstDrawnPort) where = {.first = 0, .low = 1, .end = kFirstDrawnPort};
      where.first = port + 1u;
      break;
    }
    case PortPolicy::sequential:
      where.first = next_port_;
      break;
    case PortPolicy::random:
    case PortPolicy::preserve_parity:
      where.first = where.low + draw_below(where.end - where.low);
      break;
  }
  if (spec_.port_policy == PortPolicy::preserve_parity) {
    where.wanted = port % 2 == 0 ? 0x5555'5555'5555'5555u : 0xaaaa'aaaa'aaaa'aaaau;
  }
  const std::optional<Choice> found = search(where, choice, destination, leaves);
  if (found && spec_.port_policy == PortPolicy::sequential) next_port_ = found->port + 1u;
  return found;
}

std::optional<Nat::Choice> Nat::search(const Search& where, Choice so_far,
                                       const Endpoint& destination, const Mapping* leaves) {
  const std::uint32_t first = where.first < where.end ? where.first : where.low;
  std::uint32_t from = first, end = where.end;
  for (bool around = false;;) {
    const auto port = ports_[so_far.ip].first_free(from, end, where.wanted);
    if (port) {
      so_far.port = *port;
      if (may_have(so_far, destination, leaves)) return so_far;
      from = *port + 1u;
      continue;
    }
    if (around) return std::nullopt;
    around = true;
    from = where.low;
    end = first;
  }
}

bool Nat::may_have(Choice& choice, const Endpoint& destination, const Mapping* leaves) const {
  if (leaves != nullptr && leaves->ip == choice.ip && leaves->port == choice.port) return false;
  if (!poisoned(choice.ip, choice.port, destination)) return true;
  choice.dodged = true;
  return false;
}

bool Nat::shareable(std::uint8_t ip, std::uint16_t port, const Endpoint& internal) const {
  if (forward_at(ip, port) != nullptr) return false;
  // One internal endpoint's own mappings differ: otherwise none would depend on the remote.
  for (Position at = find_external(ip, port); at != kNowhere; at = mappings_[at].next_sharing) {
    if (mappings_[at].internal == internal) return false;
  }
  return true;
}

bool Nat::has_port(Position at, const Endpoint& destination) {
  if (mappings_[at].listed || !spec_.translate) return true;
  const std::optional<Choice> choice = choose(mappings_[at].internal, destination, &mappings_[at]);
  if (!choice) return false;
  list(at, *choice);
  count(NatProbe::rebound);
  return true;
}

void Nat::list(Position at, const Choice& choice) {
  Mapping& mapping = mappings_[at];
  mapping.ip = choice.ip;
  mapping.port = choice.port;
  mapping.listed = true;
  const std::uint64_t hash = external_hash(choice.ip, choice.port);
  mapping.next_sharing = find_external(choice.ip, choice.port);
  if (mapping.next_sharing == kNowhere) {
    by_external_.insert(hash, at);
    ports_[choice.ip].insert(choice.port);
  } else {
    by_external_.replace(hash, mapping.next_sharing, at);
  }
}

void Nat::unlist(Position at) {
  Mapping& mapping = mappings_[at];
  mapping.listed = false;
  const Position first = find_external(mapping.ip, mapping.port);
  if (first != at) {
    Position before = first;
    while (mappings_[before].next_sharing != at) before = mappings_[before].next_sharing;
    mappings_[before].next_sharing = mapping.next_sharing;
    return;
  }
  const std::uint64_t hash = external_hash(mapping.ip, mapping.port);
  if (mapping.next_sharing == kNowhere) {
    by_external_.erase(hash, at);
    ports_[mapping.ip].erase(mapping.port);
  } else {
    by_external_.replace(hash, at, mapping.next_sharing);
  }
}

Nat::Position Nat::find_external(std::uint8_t ip, std::uint16_t port) const {
  return by_external_.find(external_hash(ip, port), [&](Position at) {
    return mappings_[at].port == port && mappings_[at].ip == ip;
  });
}

std::optional<Address> Nat::forward(Instant now, std::uint16_t external_port,
                                    const Address& internal) {
  expire(now);
  const Endpoint inside = Endpoint::of(internal);
  Forward wanted{inside, external_port, 0};
  if (!spec_.translate) {
    if (forward_of(inside) == nullptr) forwards_.push_back(wanted);
    return internal;
  }
  wanted.ip = paired(inside);
  if (const Forward* there = forward_at(wanted.ip, external_port)) {
    if (there->internal != inside) return std::nullopt;
    return own_endpoint(wanted.ip, external_port);
  }
  // What the internal endpoint itself has on the port goes on by the forward.
  const Position first = find_external(wanted.ip, external_port);
  for (Position at = first; at != kNowhere; at = mappings_[at].next_sharing) {
    if (mappings_[at].internal != inside) return std::nullopt;
  }
  while (find_external(wanted.ip, external_port) != kNowhere) {
    forget_mapping(find_external(wanted.ip, external_port));
  }
  forwards_.push_back(wanted);
  ports_[wanted.ip].insert(external_port);
  return own_endpoint(wanted.ip, external_port);
}

bool Nat::has_forward(std::uint16_t external_port, const Address& internal) const {
  const Endpoint inside = Endpoint::of(internal);
  return std::any_of(forwards_.begin(), forwards_.end(), [&](const Forward& forward) {
    return forward.internal == inside && forward.port == external_port;
  });
}

void Nat::unforward(Instant now, std::uint16_t external_port, const Address& internal) {
  expire(now);
  const Endpoint inside = Endpoint::of(internal);
  const auto is_it = [&](const Forward& forward) {
    return forward.internal == inside && forward.port == external_port;
  };
  const auto found = std::find_if(forwards_.begin(), forwards_.end(), is_it);
  if (found == forwards_.end()) return;
  if (spec_.translate) ports_[found->ip].erase(found->port);
  forwards_.erase(found);
}

const Nat::Forward* Nat::forward_of(const Endpoint& internal) const {
  for (const Forward& forward : forwards_) {
    if (forward.internal == internal) return &forward;
  }
  return nullptr;
}

const Nat::Forward* Nat::forward_at(std::uint8_t ip, std::uint16_t port) const {
  for (const Forward& forward : forwards_) {
    if (forward.port == port && forward.ip == ip) return &forward;
  }
  return nullptr;
}

}  // namespace kith::sim
