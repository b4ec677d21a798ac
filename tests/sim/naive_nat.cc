#include "tests/sim/naive_nat.h"

#include <algorithm>
#include <tuple>

namespace kith::sim {
namespace {

Address with_port(Address address, std::uint16_t port) {
  address.port = port;
  return address;
}

}  // namespace

Address NaiveNat::seen(const Address& remote, Dependence dependence) {
  if (dependence == Dependence::endpoint_independent) return {};
  return dependence == Dependence::address_dependent ? with_port(remote, 0) : remote;
}

// Two that share a port without a filter are told apart by whom they send to.
bool NaiveNat::lets_others_in() const {
  return spec_.translate && spec_.port_policy == PortPolicy::preserve_overload &&
         spec_.filtering == Dependence::endpoint_independent;
}

Address NaiveNat::filtered(const Address& remote) const {
  return lets_others_in() ? remote : seen(remote, spec_.filtering);
}

Instant NaiveNat::end_of(const Flow& flow) const {
  return flow.refreshed + (flow.long_lived ? spec_.replied_timeout : spec_.unreplied_timeout);
}

void NaiveNat::refresh(Instant now, Flow& flow) {
  if (flow.order == 0) {
    ++flows_;
    flow.made = next_order_;
  }
  flow.refreshed = now;
  flow.long_lived = flow.replied;
  flow.order = next_order_++;
  next_sweep_ = std::min(next_sweep_, end_of(flow));
}

void NaiveNat::sweep(Instant now) {
  if (now < next_sweep_) return;
  flows_ -= std::erase_if(poisons_, [&](const auto& entry) { return end_of(entry.second) <= now; });
  next_sweep_ = Instant::never();
  for (auto& [key, flow] : poisons_) next_sweep_ = std::min(next_sweep_, end_of(flow));
  for (auto& [key, mapping] : mappings_) {
    const bool too_old =
        spec_.absolute_timeout > Duration{} && mapping.made + spec_.absolute_timeout <= now;
    flows_ -= std::erase_if(
        mapping.flows, [&](const auto& entry) { return too_old || end_of(entry.second) <= now; });
    for (auto& [remote, flow] : mapping.flows) next_sweep_ = std::min(next_sweep_, end_of(flow));
    if (spec_.absolute_timeout > Duration{}) {
      next_sweep_ = std::min(next_sweep_, mapping.made + spec_.absolute_timeout);
    }
    if (mapping.flows.empty()) std::erase(by_external_[mapping.external], key);
  }
  std::erase_if(mappings_, [](const auto& entry) { return entry.second.flows.empty(); });
}

bool NaiveNat::make_room() {
  if (flows() < spec_.table_size) return true;
  if (spec_.when_full == WhenFull::drop_new) return false;
  const auto age = [](const Flow& flow) {
    return std::tuple(flow.refreshed, flow.long_lived, flow.order);
  };
  const Flow* oldest = nullptr;
  const auto look_at = [&](const Flow& flow) {
    if (oldest == nullptr || age(flow) < age(*oldest)) oldest = &flow;
  };
  for (auto& [key, flow] : poisons_) look_at(flow);
  for (auto& [key, mapping] : mappings_) {
    for (auto& [remote, flow] : mapping.flows) look_at(flow);
  }
  const std::uint64_t order = oldest->order;
  const auto is_it = [&](const auto& entry) { return entry.second.order == order; };
  flows_ -= std::erase_if(poisons_, is_it);
  for (auto at = mappings_.begin(); at != mappings_.end();) {
    flows_ -= std::erase_if(at->second.flows, is_it);
    if (at->second.flows.empty()) {
      std::erase(by_external_[at->second.external], at->first);
      at = mappings_.erase(at);
    } else {
      ++at;
    }
  }
  return true;
}

bool NaiveNat::is_own(const Address& address) const {
  return std::any_of(ips_.begin(), ips_.end(),
                     [&](const Address& ip) { return with_port(ip, address.port) == address; });
}

std::vector<NaiveNat::Mappings::iterator> NaiveNat::holders(const Address& external) {
  std::vector<Mappings::iterator> out;
  const auto found = by_external_.find(external);
  if (found == by_external_.end()) return out;
  for (const Key& key : found->second) {
    const auto at = mappings_.find(key);
    if (at->second.usable) out.push_back(at);
  }
  std::sort(out.begin(), out.end(),
            [](const auto& a, const auto& b) { return a->second.order > b->second.order; });
  return out;
}

bool NaiveNat::poisoned(const Address& external, const Address& remote) const {
  return poisons_.contains({external, remote});
}

NaiveNat::Mappings::iterator NaiveNat::towards(const Address& source, const Address& destination) {
  const auto own = mappings_.find({source, destination});
  if (own != mappings_.end()) return own;
  const Dependence mapping = spec_.translate ? spec_.mapping : Dependence::endpoint_independent;
  return mappings_.find({source, seen(destination, mapping)});
}

bool NaiveNat::may_hold(const Address& internal, const Address& external,
                        const Address& destination, const Mapping* leaves, bool& dodged) {
  if (forwards_.contains(external)) return false;
  for (const auto& holder : holders(external)) {
    if (spec_.port_policy != PortPolicy::preserve_overload) return false;
    if (external.port != internal.port || holder->first.first == internal) return false;
  }
  if (leaves != nullptr && leaves->external == external) return false;
  if (!poisoned(external, destination)) return true;
  dodged = true;
  return false;
}

std::optional<Address> NaiveNat::choose(const Address& internal, const Address& destination,
                                        const Mapping* leaves,
                                        const std::optional<Address>& offered, bool& dodged) {
  const bool keeps = spec_.port_policy == PortPolicy::preserve ||
                     spec_.port_policy == PortPolicy::preserve_overload;
  if (ips_.size() == 1 && keeps) {
    const std::uint32_t low = internal.port < 1024 ? 1 : 1024;
    const std::uint32_t end = internal.port < 1024 ? 1024 : 65'536;
    for (std::uint32_t i = 0; i < end - low; ++i) {
      const std::uint32_t port = low + (internal.port - low + i) % (end - low);
      const Address external = with_port(ips_[0], static_cast<std::uint16_t>(port));
      if (may_hold(internal, external, destination, leaves, dodged)) return external;
    }
    return std::nullopt;
  }
  if (!offered || !is_own(*offered)) return std::nullopt;
  const Address kept = with_port(*offered, internal.port);
  const bool may_keep = keeps && may_hold(internal, kept, destination, leaves, dodged);
  if (may_keep) return kept;
  if (!may_hold(internal, *offered, destination, leaves, dodged)) return std::nullopt;
  if (!keeps && offered->port < 1024) return std::nullopt;
  if (spec_.port_policy == PortPolicy::preserve_parity && (offered->port ^ internal.port) & 1) {
    return std::nullopt;
  }
  return offered;
}

void NaiveNat::place(Mapping& mapping, const Address& external) {
  mapping.external = external;
  mapping.usable = true;
  mapping.order = next_order_++;
}

Nat::Outbound NaiveNat::map(Instant now, const Address& source, const Address& destination,
                            const std::optional<Address>& offered) {
  const bool open = !spec_.translate && spec_.filtering == Dependence::endpoint_independent;
  if (open) return {source, NatDrop::none};
  const Address remote = filtered(destination);
  auto at = towards(source, destination);
  if (at == mappings_.end()) {
    for (const auto& [external, internal] : forwards_) {
      if (internal == source) return {external, NatDrop::none};
    }
  }
  if (at == mappings_.end() || !at->second.flows.contains(remote)) {
    if (!make_room()) return {{}, NatDrop::table_full};
    at = towards(source, destination);
  }
  const bool known = at != mappings_.end() && at->second.flows.contains(remote);
  const bool other_port = at != mappings_.end() && !known && at->second.usable &&
                          poisoned(at->second.external, destination);
  bool dodged = false;
  if (at == mappings_.end() || other_port) {
    std::optional<Address> external = source;
    if (spec_.translate) external = choose(source, destination, nullptr, offered, dodged);
    if (!external) return {{}, NatDrop::no_port};
    Address key = spec_.translate ? seen(destination, spec_.mapping) : Address{};
    if (dodged || other_port) key = destination;
    at = mappings_.emplace(Key{source, key}, Mapping{}).first;
    at->second.made = now;
    if (spec_.absolute_timeout > Duration{}) {
      next_sweep_ = std::min(next_sweep_, now + spec_.absolute_timeout);
    }
    place(at->second, *external);
    by_external_[*external].push_back(at->first);
  } else if (!at->second.usable) {
    const auto external = choose(source, destination, &at->second, offered, dodged);
    if (!external) return {{}, NatDrop::no_port};
    std::erase(by_external_[at->second.external], at->first);
    place(at->second, *external);
    by_external_[*external].push_back(at->first);
  }
  Flow& flow = at->second.flows[remote];
  refresh(now, flow);
  flow.sent = now;
  return {at->second.external, NatDrop::none};
}

Nat::Outbound NaiveNat::outbound(Instant now, const Address& source, const Address& destination,
                                 const std::optional<Address>& offered) {
  sweep(now);
  if (spec_.udp_blocked) return {{}, NatDrop::udp_blocked};
  return map(now, source, destination, offered);
}

Nat::Inbound NaiveNat::inbound(Instant now, const Address& external, const Address& remote) {
  sweep(now);
  if (spec_.udp_blocked) return {{}, NatDrop::udp_blocked};
  return admit(now, external, remote, spec_.unsolicited_poisons && spec_.translate);
}

// Its own, or the newest of all where anybody gets in.
NaiveNat::Flows::iterator NaiveNat::admitting(Flows& flows, const Address& remote) const {
  const auto own = flows.find(filtered(remote));
  if (own != flows.end() || !lets_others_in()) return own;
  return std::max_element(flows.begin(), flows.end(), [](const auto& one, const auto& other) {
    return one.second.made < other.second.made;
  });
}

Nat::Inbound NaiveNat::admit(Instant now, const Address& external, const Address& remote,
                             bool may_poison) {
  if (!spec_.translate && spec_.filtering == Dependence::endpoint_independent) {
    return {external, NatDrop::none};
  }
  if (spec_.translate && !is_own(external)) return {{}, NatDrop::not_own};
  std::vector<Mappings::iterator> candidates = holders(external);
  if (forwards_.contains(external)) {
    const bool first = spec_.translate || candidates.empty() ||
                       !candidates[0]->second.flows.contains(filtered(remote));
    if (first) return {forwards_[external], NatDrop::none};
  }
  const Dependence mapping = spec_.translate ? spec_.mapping : Dependence::endpoint_independent;
  const auto rank = [&](const Mappings::iterator& at) {
    const bool is_for_it = at->first.second == remote || at->first.second == seen(remote, mapping);
    return std::pair(int{is_for_it} + int{at->second.flows.contains(filtered(remote))},
                     admitting(at->second.flows, remote)->second.sent);
  };
  const NatDrop drop = candidates.empty() ? NatDrop::no_mapping : NatDrop::filtered;
  std::erase_if(candidates, [&](const auto& at) {
    return admitting(at->second.flows, remote) == at->second.flows.end();
  });
  std::stable_sort(candidates.begin(), candidates.end(),
                   [&](const auto& one, const auto& other) { return rank(one) > rank(other); });
  if (!candidates.empty()) {
    Flow& flow = admitting(candidates[0]->second.flows, remote)->second;
    flow.replied = true;
    if (spec_.inbound_refreshes) refresh(now, flow);
    return {candidates[0]->first.first, NatDrop::none};
  }
  if (may_poison && (poisoned(external, remote) || flows() < spec_.table_size)) {
    refresh(now, poisons_[{external, remote}]);
  }
  return {{}, drop};
}

Nat::Hairpinned NaiveNat::hairpin(Instant now, const Address& source, const Address& destination,
                                  const std::optional<Address>& offered) {
  sweep(now);
  if (spec_.udp_blocked) return {{}, {}, NatDrop::udp_blocked};
  if (!is_own(destination)) return {{}, {}, NatDrop::not_own};
  if (spec_.hairpin == Hairpin::off) return {{}, {}, NatDrop::hairpin_off};
  const Nat::Outbound out = map(now, source, destination, offered);
  if (out.drop != NatDrop::none) return {{}, {}, out.drop};
  const Nat::Inbound in = admit(now, destination, out.source, false);
  if (in.drop != NatDrop::none) return {{}, {}, in.drop};
  return {spec_.hairpin == Hairpin::external_source ? out.source : source, in.destination,
          NatDrop::none};
}

std::optional<Address> NaiveNat::forward(Instant now, const Address& external,
                                         const Address& internal) {
  sweep(now);
  if (forwards_.contains(external)) {
    return forwards_[external] == internal ? std::optional(external) : std::nullopt;
  }
  if (spec_.translate) {
    for (const auto& holder : holders(external)) {
      if (holder->first.first != internal) return std::nullopt;
    }
    for (const auto& holder : holders(external)) {
      flows_ -= holder->second.flows.size();
      mappings_.erase(holder);
    }
    by_external_.erase(external);
    for (auto& [key, mapping] : mappings_) {
      if (mapping.external == external) by_external_[external].push_back(key);
    }
  }
  forwards_[external] = internal;
  return external;
}

void NaiveNat::unforward(Instant now, const Address& external) {
  sweep(now);
  forwards_.erase(external);
}

void NaiveNat::reboot(Instant now) {
  sweep(now);
  mappings_.clear();
  by_external_.clear();
  poisons_.clear();
  flows_ = 0;
}

void NaiveNat::rebind(Instant now) {
  sweep(now);
  if (!spec_.translate) return;
  for (auto& [key, mapping] : mappings_) mapping.usable = false;
}

}  // namespace kith::sim
