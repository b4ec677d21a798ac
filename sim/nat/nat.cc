#include "sim/nat/nat.h"

#include <algorithm>
#include <utility>

#include "engine/base/check.h"

namespace kith::sim {
namespace {

bool one_family(const std::vector<Address>& addresses) {
  return std::all_of(addresses.begin(), addresses.end(), [&](const Address& address) {
    return address.family == addresses.front().family;
  });
}

}  // namespace

Nat::Nat(const NatSpec& spec, std::vector<Address> external_ips, DrawStream draws)
    : spec_(spec), draws_(std::move(draws)) {
  KITH_CHECK(!fault_of(spec));
  KITH_CHECK(spec.translate || external_ips.empty());
  pool_seed_ = draws_.next_u64();
  next_port_ = kFirstDrawnPort + draw_below(65'536 - kFirstDrawnPort);
  take_addresses(std::move(external_ips));
}

void Nat::take_addresses(std::vector<Address> external_ips) {
  KITH_CHECK(external_ips.empty() == !spec_.translate);
  KITH_CHECK(external_ips.size() <= 256 && one_family(external_ips));
  external_ips_ = std::move(external_ips);
  own_.clear();
  for (const Address& ip : external_ips_) own_.push_back(Endpoint::of(ip).without_port());
  ports_ = std::vector<PortSet>(external_ips_.size());
}

Nat::Outbound Nat::outbound(Instant now, const Address& source, const Address& destination) {
  expire(now);
  if (const NatDrop drop = refuses(source, destination); drop != NatDrop::none) {
    return drop_out(drop);
  }
  return map(now, Endpoint::of(source), source, Endpoint::of(destination));
}

Nat::Outbound Nat::map(Instant now, const Endpoint& source, const Address& given,
                       const Endpoint& destination) {
  if (lets_all_pass()) {
    ++passed_out_;
    return {given, NatDrop::none};
  }
  const Endpoint filtered = as_filtered(destination);
  Position at = mapping_towards(source, destination);
  Position flow = at == kNowhere ? kNowhere : flow_of(at, filtered);
  if (flow == kNowhere) {
    if (at == kNowhere) {
      if (const Forward* forward = forward_of(source)) return sent(*forward, given);
    }
    if (!make_room()) return drop_out(NatDrop::table_full);
    at = mapping_for_new_flow(now, source, destination);
    if (at == kNowhere) return drop_out(NatDrop::no_port);
    flow = make_flow(now, at, filtered);
  } else if (!has_port(at, destination)) {
    return drop_out(NatDrop::no_port);
  }
  refresh(now, flow);
  flows_[flow].sent = now;
  ++passed_out_;
  if (!spec_.translate) return {given, NatDrop::none};
  return {own_endpoint(mappings_[at].ip, mappings_[at].port), NatDrop::none};
}

Nat::Outbound Nat::sent(const Forward& forward, const Address& given) {
  ++passed_out_;
  if (!spec_.translate) return {given, NatDrop::none};
  return {own_endpoint(forward.ip, forward.port), NatDrop::none};
}

Nat::Inbound Nat::inbound(Instant now, const Address& external, const Address& remote) {
  expire(now);
  if (const NatDrop drop = refuses(external, remote); drop != NatDrop::none) return drop_in(drop);
  return admit(now, Endpoint::of(external), Endpoint::of(remote), spec_.unsolicited_poisons);
}

Nat::Inbound Nat::admit(Instant now, const Endpoint& external, const Endpoint& remote,
                        bool may_poison) {
  if (lets_all_pass()) {
    ++passed_in_;
    return {external.address(), NatDrop::none};
  }
  const Endpoint filtered = as_filtered(remote);
  if (!spec_.translate) {
    const Position at = find_mapping(external, {});
    if (at != kNowhere) {
      if (const Position flow = flow_of(at, filtered); flow != kNowhere) {
        return pass_in(now, external, flow);
      }
    }
    if (const Forward* forward = forward_of(external)) return received(*forward);
    return drop_in(at == kNowhere ? NatDrop::no_mapping : NatDrop::filtered);
  }
  const std::optional<std::uint8_t> ip = own_index(external);
  if (!ip) return drop_in(NatDrop::not_own);
  const std::uint16_t port = external.port();
  if (const Forward* forward = forward_at(*ip, port)) return received(*forward);
  const Position first = find_external(*ip, port);
  // Of those that share the port, who sends to this remote; of these, who did so last.
  Position taken = kNowhere, taken_flow = kNowhere;
  int best = -1;
  for (Position at = first; at != kNowhere; at = mappings_[at].next_sharing) {
    const Position own = flow_of(at, filtered);
    const Position flow = own == kNowhere && tells_by_remote() ? mappings_[at].first_flow : own;
    const int rank = int{leads_to(mappings_[at], remote)} + int{own != kNowhere};
    if (flow == kNowhere || rank < best) continue;
    if (rank == best && flows_[flow].sent <= flows_[taken_flow].sent) continue;
    taken = at;
    taken_flow = flow;
    best = rank;
  }
  if (taken != kNowhere) return pass_in(now, mappings_[taken].internal, taken_flow);
  if (may_poison) poison(now, *ip, port, remote);
  return drop_in(first == kNowhere ? NatDrop::no_mapping : NatDrop::filtered);
}

Nat::Inbound Nat::pass_in(Instant now, const Endpoint& internal, Position flow) {
  flows_[flow].replied = true;
  if (spec_.inbound_refreshes) refresh(now, flow);
  ++passed_in_;
  return {internal.address(), NatDrop::none};
}

Nat::Inbound Nat::received(const Forward& forward) {
  count(NatProbe::forwarded);
  ++passed_in_;
  return {forward.internal.address(), NatDrop::none};
}

Nat::Hairpinned Nat::hairpin(Instant now, const Address& source, const Address& destination) {
  expire(now);
  const auto drop = [this](NatDrop why) {
    ++drops_[static_cast<std::size_t>(why)];
    return Hairpinned{{}, {}, why};
  };
  if (const NatDrop why = refuses(source, destination); why != NatDrop::none) return drop(why);
  if (!is_own(destination)) return drop(NatDrop::not_own);
  if (spec_.hairpin == Hairpin::off) return drop(NatDrop::hairpin_off);

  const Endpoint external = Endpoint::of(destination);
  const Outbound out = map(now, Endpoint::of(source), source, external);
  if (out.drop != NatDrop::none) return {{}, {}, out.drop};
  const Inbound in = admit(now, external, Endpoint::of(out.source), false);
  if (in.drop != NatDrop::none) return {{}, {}, in.drop};
  count(NatProbe::hairpinned);
  const bool as_outside = spec_.hairpin == Hairpin::external_source;
  return {as_outside ? out.source : source, in.destination, NatDrop::none};
}

NatDrop Nat::refuses(const Address& one, const Address& other) const {
  if (spec_.udp_blocked) return NatDrop::udp_blocked;
  const Address::Family family = external_ips_.empty() ? one.family : external_ips_.front().family;
  return one.family == family && other.family == family ? NatDrop::none : NatDrop::other_family;
}

Nat::Outbound Nat::drop_out(NatDrop drop) {
  ++drops_[static_cast<std::size_t>(drop)];
  return {{}, drop};
}

Nat::Inbound Nat::drop_in(NatDrop drop) {
  ++drops_[static_cast<std::size_t>(drop)];
  return {{}, drop};
}

bool Nat::is_own(const Address& address) const {
  return own_index(Endpoint::of(address)).has_value();
}

void Nat::reboot(Instant now) {
  expire(now);
  forget_all();
  count(NatProbe::rebooted);
}

void Nat::rebind(Instant now) {
  expire(now);
  if (!spec_.translate) return;
  for (Position at = oldest_mapping_; at != kNowhere; at = mappings_[at].newer) {
    if (mappings_[at].listed) unlist(at);
  }
}

void Nat::change_address(Instant now, std::vector<Address> external_ips) {
  expire(now);
  forget_all();
  std::vector<Forward> forwards = std::move(forwards_);
  forwards_.clear();
  take_addresses(std::move(external_ips));
  for (const Forward& old : forwards) forward(now, old.port, old.internal.address());
  count(NatProbe::address_changed);
}

}  // namespace kith::sim
