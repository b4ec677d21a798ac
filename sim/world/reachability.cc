#include "sim/world/reachability.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>

#include "sim/world/reach_model.h"

namespace kith::sim {
namespace {

using Side = ReachModel::Side;

// Whether the ports that a gateway gives one after the other can be told, if those inside can.
// Keeping a port that is taken means the next one that is not.
bool can_tell_next(PortPolicy policy, bool inside) {
  const bool keeps = policy == PortPolicy::preserve || policy == PortPolicy::preserve_overload;
  return policy == PortPolicy::sequential || (keeps && inside);
}

// What a place's own gateways are together, as seen from where the two ways meet.
struct Manner {
  Dependence mapping = Dependence::endpoint_independent;
  Dependence filtering = Dependence::endpoint_independent;
  // Of all gateways from the first that maps by remote:
  bool can_tell_next = true;  // which port comes next
  bool one_address = true;    // and the address is always the same
};

class Oracle {
 public:
  Oracle(const Topology& topology, const Attachment& first, const Attachment& second)
      : topology_(topology), first_(first), second_(second) {}

  Reachability ask() {
    for (const Side side : {Side{0}, Side{1}}) {
      if (const auto dialled = dial(side)) return *dialled;
    }
    ReachModel plain = informed();
    if (const auto punched = punch(plain, Directness::punch)) return *punched;
    if (plain.share_a_gateway()) return none(plain);
    ReachModel foretold = informed();
    for (const Side side : {Side{0}, Side{1}}) {
      const Manner own = manner(foretold, side);
      if (own.can_tell_next && own.one_address) foretold.foretell(side);
    }
    if (const auto punched = punch(foretold, Directness::predict)) return *punched;
    for (const Side side : {Side{0}, Side{1}}) {
      ReachModel guessed = informed();
      if (!manner(guessed, side).one_address) continue;
      guessed.guess(side);
      if (const auto punched = punch(guessed, Directness::birthday)) return *punched;
    }
    return none(plain);
  }

 private:
  std::optional<Reachability> dial(Side side) const {
    ReachModel model(topology_, first_, second_);
    model.know_addresses(side);
    const auto answered = model.run();
    if (!answered) return std::nullopt;
    const Side dialled = 1 - side;
    const bool own = model.is_own_address(dialled, answered->to);
    return said(Directness::dial, answered->to.ip.family,
                fmt::format("{} answers at {}", name_of(dialled),
                            own ? "an address of its own" : "its forwarded port"));
  }

  // Each knows all that the other can say of itself.
  ReachModel informed() const {
    ReachModel model(topology_, first_, second_);
    for (const Side side : {Side{0}, Side{1}}) {
      model.know_addresses(side);
      model.know_reflexive(side);
    }
    return model;
  }

  std::optional<Reachability> punch(ReachModel& model, Directness how) const {
    const auto answered = model.run();
    if (!answered) return std::nullopt;
    if (answered->to.ip.family == Address::Family::ipv6) {
      return said(how, Address::Family::ipv6, "the firewalls admit who was sent to");
    }
    return said(how, Address::Family::ipv4, manners(model));
  }

  static Reachability said(Directness how, Address::Family family, const std::string& why) {
    return {how, family,
            fmt::format("{} over {}: {}", to_string(how),
                        family == Address::Family::ipv4 ? "IPv4" : "IPv6", why)};
  }

  static std::string_view name_of(Side side) { return side == 0 ? "the first" : "the second"; }

  Reachability none(const ReachModel& model) const {
    return {Directness::relay, {}, "relay: " + why_not(model)};
  }

  Manner manner(const ReachModel& model, Side side) const {
    Manner out;
    for (const SiteId site : model.chain(side)) {
      if (model.is_shared(site)) break;
      const NatSpec& nat = topology_.site(site).nat;
      out.mapping = std::max(out.mapping, nat.mapping);
      out.filtering = std::max(out.filtering, nat.filtering);
      const bool varies = out.mapping != Dependence::endpoint_independent;
      if (!varies) continue;
      const bool pools = nat.pooling == Pooling::arbitrary &&
                         topology_.network().nat(topology_.gateway(site)).external_ips().size() > 1;
      out.one_address = out.one_address && !pools;
      out.can_tell_next = can_tell_next(nat.port_policy, out.can_tell_next);
    }
    return out;
  }

  static std::string describe(const Manner& manner) {
    constexpr std::string_view kMaps[] = {"by endpoint only", "by address", "by address and port"};
    constexpr std::string_view kFilters[] = {"nothing", "by address", "by address and port"};
    std::string_view ports;
    if (manner.mapping != Dependence::endpoint_independent) {
      ports = manner.can_tell_next ? " to ports that can be told" : " to random ports";
    }
    return fmt::format("{}{} and filter {}", kMaps[static_cast<std::size_t>(manner.mapping)], ports,
                       kFilters[static_cast<std::size_t>(manner.filtering)]);
  }

  std::string manners(const ReachModel& model) const {
    const std::string one = describe(manner(model, 0));
    const std::string other = describe(manner(model, 1));
    if (one == other) return "the gateways of both map " + one;
    return fmt::format("the gateways of the first map {}, those of the second {}", one, other);
  }

  bool have_family_in_common() const {
    for (const Address& one : first_.addresses) {
      for (const Address& other : second_.addresses) {
        if (one.family == other.family) return true;
      }
    }
    return false;
  }

  std::string why_not(const ReachModel& model) const {
    std::string why;
    for (const Obstacle& obstacle : model.obstacles()) {
      const std::string& site = topology_.site(obstacle.site).name;
      std::string sentence;
      if (obstacle.kind == Obstacle::Kind::udp_blocked) {
        sentence = fmt::format("{} lets no UDP through", site);
      } else if (obstacle.kind == Obstacle::Kind::hairpin_off) {
        sentence = fmt::format("{}, which both are behind, has no hairpinning", site);
      } else if (obstacle.kind == Obstacle::Kind::one_port_for_two) {
        sentence = fmt::format("{} gives both the same port", site);
      } else {
        continue;
      }
      why += why.empty() ? sentence : "; " + sentence;
    }
    if (!why.empty()) return why;
    if (!have_family_in_common()) return "they have no IP version in common";
    return manners(model);
  }

  const Topology& topology_;
  const Attachment& first_;
  const Attachment& second_;
};

}  // namespace

std::string_view to_string(Directness directness) {
  switch (directness) {
    case Directness::dial:
      return "dial";
    case Directness::punch:
      return "punch";
    case Directness::predict:
      return "predict";
    case Directness::birthday:
      return "birthday";
    case Directness::relay:
      return "relay";
  }
  return {};
}

Reachability can_be_direct(const Topology& topology, const Attachment& first,
                           const Attachment& second) {
  return Oracle(topology, first, second).ask();
}

}  // namespace kith::sim
