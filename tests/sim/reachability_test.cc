// The oracle against hosts that really try: every pair of gateways that answers differently, how
// places may lie to each other, and networks drawn at random.

#include "sim/world/reachability.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>

#include "tests/sim/probing.h"

namespace kith::sim {
namespace {

using ::testing::HasSubstr;

constexpr Dependence kIndependent = Dependence::endpoint_independent;
constexpr Dependence kAddress = Dependence::address_dependent;
constexpr Dependence kAddressAndPort = Dependence::address_and_port_dependent;
constexpr Dependence kDependences[] = {kIndependent, kAddress, kAddressAndPort};
constexpr PortPolicy kPolicies[] = {PortPolicy::preserve, PortPolicy::preserve_overload,
                                    PortPolicy::sequential, PortPolicy::random,
                                    PortPolicy::preserve_parity};
constexpr Hairpin kHairpins[] = {Hairpin::off, Hairpin::external_source, Hairpin::internal_source};

NatSpec nat(Dependence mapping, Dependence filtering, PortPolicy policy = PortPolicy::preserve);
SiteSpec behind(const NatSpec& nat);
PairSpec pair_of(const NatSpec& first, const NatSpec& second);
std::vector<NatSpec> kinds_of_nats();
std::string described(const PairSpec& spec);
PairSpec any_pair();
template <class Do>
void each_site(PairSpec& spec, Do&& act) {
  for (PlaceSpec* place : {&spec.first, &spec.second}) {
    for (SiteSpec& site : place->chain) act(site);
  }
  for (SiteSpec& site : spec.shared) act(site);
}
void without_poisoning(SiteSpec& site) { site.nat.unsolicited_poisons = false; }
bool chooses_addresses(const SiteSpec& site) {
  return site.public_addresses > 1 && site.nat.pooling == Pooling::arbitrary;
}

// As a sentence when they differ.
void expect_foreseen(const PairSpec& spec, std::map<Directness, int>* seen = nullptr) {
  const Reachability reachability = foreseen(spec);
  EXPECT_EQ(to_string(probed(spec)), to_string(reachability.how)) << reachability.reason << "\n"
                                                                  << described(spec);
  if (seen != nullptr) ++(*seen)[reachability.how];
}

TEST(Reachability, is_foreseen_for_every_pair_of_nats) {
  std::map<Directness, int> seen;
  const std::vector<NatSpec> kinds = kinds_of_nats();
  for (std::size_t one = 0; one < kinds.size(); ++one) {
    for (std::size_t other = one; other < kinds.size(); ++other) {
      expect_foreseen(pair_of(kinds[one], kinds[other]), &seen);
    }
  }
  EXPECT_EQ(seen[Directness::dial], 0);
  EXPECT_GT(seen[Directness::punch], 0);
  EXPECT_GT(seen[Directness::predict], 0);
  EXPECT_GT(seen[Directness::birthday], 0);
  EXPECT_GT(seen[Directness::relay], 0);
}

TEST(Reachability, is_foreseen_behind_one_carrier_for_every_pair_and_way_of_hairpinning) {
  std::map<Directness, int> seen;
  for (const Hairpin hairpin : kHairpins) {
    for (const Dependence mapping : kDependences) {
      for (const Dependence filtering : kDependences) {
        NatSpec carrier = nat(mapping, filtering, PortPolicy::random);
        carrier.hairpin = hairpin;
        for (const Dependence one : kDependences) {
          for (const Dependence other : kDependences) {
            PairSpec spec = pair_of(nat(kIndependent, one), nat(kIndependent, other));
            spec.shared = {behind(carrier)};
            expect_foreseen(spec, &seen);
          }
        }
      }
    }
  }
  EXPECT_GT(seen[Directness::punch], 0);
  EXPECT_GT(seen[Directness::relay], 0);
}

TEST(Reachability, is_foreseen_through_nested_nats) {
  std::map<Directness, int> seen;
  for (const Dependence inner : kDependences) {
    for (const Dependence outer : kDependences) {
      for (const PortPolicy policy : kPolicies) {
        for (const PortPolicy beyond : kPolicies) {
          for (const Dependence filtering : {kIndependent, kAddressAndPort}) {
            PairSpec spec = pair_of(nat(inner, kAddressAndPort, policy),
                                    nat(kIndependent, filtering, PortPolicy::random));
            spec.first.chain.push_back(behind(nat(outer, kAddressAndPort, beyond)));
            expect_foreseen(spec, &seen);
          }
        }
      }
    }
  }
  EXPECT_GT(seen[Directness::predict], 0);
  EXPECT_GT(seen[Directness::birthday], 0);
}

TEST(Reachability, needs_nothing_on_one_lan_whatever_its_gateway_does) {
  NatSpec blocked;
  blocked.udp_blocked = true;
  PairSpec spec;
  spec.shared = {behind(blocked)};
  expect_foreseen(spec);
  EXPECT_EQ(foreseen(spec).how, Directness::dial);
}

TEST(Reachability, needs_one_dial_where_one_side_is_in_the_internet_or_in_the_others_carrier) {
  for (const NatSpec& kind : kinds_of_nats()) {
    PairSpec spec;
    spec.first.chain = {behind(kind)};
    expect_foreseen(spec);
    EXPECT_EQ(foreseen(spec).how, Directness::dial);
    spec.shared = {behind(NatSpec{})};
    spec.first.chain.push_back(behind(NatSpec{}));
    expect_foreseen(spec);
  }
}

TEST(Reachability, needs_one_dial_where_a_port_is_forwarded_unless_the_way_there_is_a_hairpin) {
  for (const NatSpec& kind : kinds_of_nats()) {
    for (const Hairpin hairpin : kHairpins) {
      PairSpec spec = pair_of(kind, nat(kAddressAndPort, kAddressAndPort, PortPolicy::random));
      spec.first.forwarded = true;
      expect_foreseen(spec);
      EXPECT_EQ(foreseen(spec).how, Directness::dial);
      spec.shared = {behind(NatSpec{})};
      spec.shared.back().nat.hairpin = hairpin;
      expect_foreseen(spec);
    }
  }
}

TEST(Reachability, is_that_of_ipv6_where_both_have_it) {
  std::map<Directness, int> seen;
  const NatSpec symmetric = nat(kAddressAndPort, kAddressAndPort, PortPolicy::random);
  for (const Dependence one : kDependences) {
    for (const Dependence other : kDependences) {
      for (const bool both : {false, true}) {
        for (const bool blocked : {false, true}) {
          PairSpec spec = pair_of(symmetric, symmetric);
          for (PlaceSpec* place : {&spec.first, &spec.second}) place->chain.front().ipv6 = true;
          spec.second.chain.front().ipv6 = both;
          spec.first.chain.front().firewall.filtering = one;
          spec.second.chain.front().firewall.filtering = other;
          spec.first.chain.front().firewall.udp_blocked = blocked;
          expect_foreseen(spec, &seen);
        }
      }
    }
  }
  EXPECT_EQ(seen[Directness::dial], 5);
  EXPECT_EQ(seen[Directness::punch], 4);
}

TEST(Reachability, ends_where_udp_is_blocked) {
  NatSpec blocked;
  blocked.udp_blocked = true;
  for (const NatSpec& kind : kinds_of_nats()) {
    PairSpec spec = pair_of(blocked, kind);
    expect_foreseen(spec);
    EXPECT_EQ(foreseen(spec).how, Directness::relay);
    spec.second.chain.clear();
    expect_foreseen(spec);
  }
}

TEST(Reachability, says_why) {
  const NatSpec home = nat(kIndependent, kAddressAndPort);
  const NatSpec symmetric = nat(kAddressAndPort, kAddressAndPort, PortPolicy::random);
  EXPECT_EQ(foreseen(pair_of(home, home)).reason,
            "punch over IPv4: the gateways of both map by endpoint only and filter by address and "
            "port");
  EXPECT_EQ(foreseen(pair_of(symmetric, symmetric)).reason,
            "relay: the gateways of both map by address and port to random ports and filter by "
            "address and port");
  EXPECT_THAT(foreseen(pair_of(home, symmetric)).reason, HasSubstr("birthday over IPv4: "));
  PairSpec neighbours = pair_of(home, home);
  neighbours.shared = {behind(home)};
  neighbours.shared.front().nat.hairpin = Hairpin::off;
  EXPECT_EQ(foreseen(neighbours).reason,
            "relay: site-0, which both are behind, has no hairpinning");
  PairSpec blocked = pair_of(home, home);
  blocked.first.chain.front().nat.udp_blocked = true;
  EXPECT_EQ(foreseen(blocked).reason, "relay: site-0 lets no UDP through");
  PairSpec forwarded = pair_of(home, home);
  forwarded.second.forwarded = true;
  EXPECT_EQ(foreseen(forwarded).reason, "dial over IPv4: the second answers at its forwarded port");
}

RC_GTEST_PROP(Reachability, is_foreseen_on_networks_drawn_at_random, ()) {
  constexpr int kPairs = 10;  // for each of RapidCheck's hundred
  for (int i = 0; i < kPairs; ++i) {
    const PairSpec spec = any_pair();
    const Reachability reachability = foreseen(spec);
    PairSpec tried = spec;
    // They take datagrams that many gateways would be poisoned by.
    if (reachability.how >= Directness::predict) each_site(tried, &without_poisoning);
    const Directness found = probed(tried, *rc::gen::arbitrary<std::uint64_t>());
    if (found == reachability.how) continue;
    // Where chance has a say, more may come of it than is certain, and a guess may miss.
    bool chance = false;
    each_site(tried, [&](SiteSpec& site) { chance = chance || chooses_addresses(site); });
    if (chance && (found < reachability.how || reachability.how >= Directness::predict)) continue;
    RC_FAIL(std::string(to_string(found)) + " but foreseen: " + reachability.reason + "\n" +
            described(spec));
  }
}

// --- helpers ------------------------------------------------------------------------------------

NatSpec nat(Dependence mapping, Dependence filtering, PortPolicy policy) {
  NatSpec spec;
  spec.mapping = mapping;
  spec.filtering = filtering;
  spec.port_policy = policy;
  return spec;
}

SiteSpec behind(const NatSpec& nat) {
  SiteSpec site;
  site.nat = nat;
  return site;
}

PairSpec pair_of(const NatSpec& first, const NatSpec& second) {
  PairSpec spec;
  spec.first.chain = {behind(first)};
  spec.second.chain = {behind(second)};
  return spec;
}

// How ports are chosen matters where one endpoint gets several.
std::vector<NatSpec> kinds_of_nats() {
  std::vector<NatSpec> kinds;
  for (const Dependence mapping : kDependences) {
    for (const Dependence filtering : kDependences) {
      for (const PortPolicy policy : kPolicies) {
        if (mapping == kIndependent && policy != PortPolicy::preserve) continue;
        kinds.push_back(nat(mapping, filtering, policy));
      }
    }
  }
  return kinds;
}

SiteSpec any_site() {
  SiteSpec site;
  NatSpec& nat = site.nat;
  nat.mapping = *rc::gen::elementOf(
      std::vector<Dependence>({kIndependent, kIndependent, kAddress, kAddressAndPort}));
  nat.filtering = *rc::gen::elementOf(
      std::vector<Dependence>(std::begin(kDependences), std::end(kDependences)));
  nat.port_policy =
      *rc::gen::elementOf(std::vector<PortPolicy>(std::begin(kPolicies), std::end(kPolicies)));
  nat.hairpin =
      *rc::gen::elementOf(std::vector<Hairpin>(std::begin(kHairpins), std::end(kHairpins)));
  nat.udp_blocked = *rc::gen::inRange(0, 20) == 0;
  nat.unsolicited_poisons = *rc::gen::inRange(0, 4) == 0;
  nat.pooling = *rc::gen::element(Pooling::paired, Pooling::arbitrary);
  site.public_addresses = *rc::gen::inRange(0, 3) == 0 ? 3 : 1;
  site.firewall.filtering = *rc::gen::elementOf(
      std::vector<Dependence>(std::begin(kDependences), std::end(kDependences)));
  site.firewall.udp_blocked = *rc::gen::inRange(0, 12) == 0;
  return site;
}

PlaceSpec any_place(bool ipv6) {
  PlaceSpec place;
  place.ipv6 = ipv6;
  for (int depth = *rc::gen::element(0, 1, 1, 1, 1, 1, 2, 2, 2, 3); depth > 0; --depth) {
    place.chain.push_back(any_site());
    place.chain.back().ipv6 = ipv6;
  }
  place.forwarded = *rc::gen::inRange(0, 16) == 0;
  return place;
}

PairSpec any_pair() {
  PairSpec spec;
  spec.first = any_place(*rc::gen::inRange(0, 6) == 0);
  spec.second = any_place(*rc::gen::inRange(0, 3) == 0);
  for (int depth = *rc::gen::element(0, 0, 0, 1, 1, 2); depth > 0; --depth) {
    spec.shared.push_back(any_site());
    SiteSpec& site = spec.shared.back();
    site.ipv6 = true;
    // Two that are given one port there take what comes for each other (RFC 4787 section 4.2.1):
    // what the oracle says of that is not held to here.
    if (site.nat.port_policy == PortPolicy::preserve_overload) {
      site.nat.port_policy = PortPolicy::preserve;
    }
  }
  // The internet is wide enough for who sends at once, a carrier's network is not.
  if (!spec.shared.empty()) each_site(spec, &without_poisoning);
  return spec;
}

std::string described(const SiteSpec& site) {
  std::string text = "  " + cell_name(cell_of(site.nat));
  if (site.nat.udp_blocked) text += " blocked";
  if (site.nat.unsolicited_poisons) text += " poisons";
  if (site.public_addresses > 1) text += " addresses=" + std::to_string(site.public_addresses);
  if (site.ipv6) text += " ipv6 filtering=" + std::string(to_string(site.firewall.filtering));
  if (site.ipv6 && site.firewall.udp_blocked) text += " blocked";
  return text + "\n";
}

std::string described(const PairSpec& spec) {
  std::string text;
  for (const PlaceSpec* place : {&spec.first, &spec.second}) {
    text += place == &spec.first ? "first" : "second";
    text += std::string(place->forwarded ? ", forwarded" : "") + ":\n";
    for (const SiteSpec& site : place->chain) text += described(site);
  }
  text += "both:\n";
  for (const SiteSpec& site : spec.shared) text += described(site);
  return text;
}

}  // namespace
}  // namespace kith::sim
