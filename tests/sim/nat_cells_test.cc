// What kind of NAT something is, found out as RFC 5780 does: from datagrams alone, by the
// definitions of RFC 4787. For every combination of the axes that must be what was declared.

#include <gtest/gtest.h>

#include <set>

#include "tests/sim/nat_scene.h"

namespace kith::sim {
namespace {

struct Observed {
  bool translates = false;
  Dependence mapping{};
  Dependence filtering{};
  PortPolicy port_policy{};
  Hairpin hairpin{};
  friend bool operator==(const Observed&, const Observed&) = default;
};

Observed probe(const NatSpec& spec);

TEST(NatCells, every_combination_is_found_to_be_what_was_declared) {
  for (std::size_t cell = 0; cell < kNatCells; ++cell) {
    SCOPED_TRACE(cell_name(cell));
    const NatSpec spec = cell_spec(cell);
    const Observed observed = probe(spec);
    EXPECT_EQ(observed.translates, spec.translate);
    EXPECT_EQ(to_string(observed.filtering), to_string(spec.filtering));
    if (!spec.translate) continue;
    EXPECT_EQ(to_string(observed.mapping), to_string(spec.mapping));
    EXPECT_EQ(to_string(observed.port_policy), to_string(spec.port_policy));
    EXPECT_EQ(to_string(observed.hairpin), to_string(spec.hairpin));
  }
}

TEST(NatCells, each_has_a_number_and_a_name_of_its_own) {
  std::set<std::string> names;
  for (std::size_t cell = 0; cell < kNatCells; ++cell) {
    EXPECT_EQ(cell_of(cell_spec(cell)), cell);
    names.insert(cell_name(cell));
  }
  EXPECT_EQ(names.size(), kNatCells);
}

TEST(NatCells, the_named_ones_are_distinct_and_valid) {
  std::set<std::string_view> names;
  for (const NamedNat& named : named_nats()) {
    EXPECT_FALSE(fault_of(named.spec)) << named.name;
    EXPECT_TRUE(names.insert(named.name).second) << named.name;
    EXPECT_TRUE(named.sentence.ends_with('.')) << named.name;
    EXPECT_EQ(find_nat(named.name), &named.spec);
  }
  EXPECT_EQ(find_nat("cone"), nullptr);
}

TEST(NatCells, what_the_names_promise_is_observed) {
  const auto observed = [](std::string_view name) { return probe(*find_nat(name)); };
  EXPECT_FALSE(observed("open").translates);
  EXPECT_EQ(observed("open").filtering, Dependence::endpoint_independent);
  EXPECT_EQ(observed("full_cone").filtering, Dependence::endpoint_independent);
  EXPECT_EQ(observed("restricted_cone").filtering, Dependence::address_dependent);
  EXPECT_EQ(observed("port_restricted_cone").filtering, Dependence::address_and_port_dependent);
  EXPECT_EQ(observed("home").mapping, Dependence::endpoint_independent);
  EXPECT_EQ(observed("symmetric").mapping, Dependence::address_and_port_dependent);
  EXPECT_EQ(observed("symmetric_sequential").port_policy, PortPolicy::sequential);
  EXPECT_EQ(observed("overloading").port_policy, PortPolicy::preserve_overload);
  EXPECT_EQ(observed("cgnat").port_policy, PortPolicy::random);
  EXPECT_FALSE(observed("firewall6").translates);
  EXPECT_EQ(observed("firewall6").filtering, Dependence::address_and_port_dependent);
}

// Section 4.1: the same X:x towards Y1:y1, another port of Y1, and another address.
Dependence probe_mapping(const NatSpec& spec) {
  Nat nat = make_nat(spec);
  const Address x = inside(2, 5000);
  const auto first = sent(nat, at({}), x, outside(1, 3478));
  const auto other_port = sent(nat, at({}), x, outside(1, 3479));
  const auto other_address = sent(nat, at({}), x, outside(2, 3478));
  EXPECT_EQ(sent(nat, at({}), x, outside(1, 3478)), first);
  EXPECT_EQ(sent(nat, at({}), x, outside(1, 3479)), other_port);
  EXPECT_EQ(sent(nat, at({}), x, outside(2, 3478)), other_address);
  if (first != other_port) {
    EXPECT_NE(first, other_address);
    return Dependence::address_and_port_dependent;
  }
  return first == other_address ? Dependence::endpoint_independent : Dependence::address_dependent;
}

// Section 5: after X:x has sent to Y1:y1, who else can send to its X':x'.
Dependence probe_filtering(const NatSpec& spec) {
  Nat nat = make_nat(spec);
  const Address x = inside(2, 5000);
  const Address external = sent(nat, at({}), x, outside(1, 3478)).value_or(x);
  EXPECT_EQ(received(nat, at({}), external, outside(1, 3478)), x);
  const auto from_other_port = received(nat, at({}), external, outside(1, 3479));
  const auto from_other_address = received(nat, at({}), external, outside(2, 3478));
  EXPECT_EQ(from_other_port.value_or(x), x);
  EXPECT_EQ(from_other_address.value_or(x), x);
  if (from_other_address) {
    EXPECT_TRUE(from_other_port);
    return Dependence::endpoint_independent;
  }
  return from_other_port ? Dependence::address_dependent : Dependence::address_and_port_dependent;
}

// Section 4.2: which x' two hosts get that use the same x, and which many sockets get.
PortPolicy probe_port_policy(const NatSpec& spec) {
  constexpr std::uint16_t kSockets = 64;
  Nat nat = make_nat(spec);
  const Address y = outside(1, 3478);
  const auto port_of = [&](std::uint8_t host, std::uint16_t port) {
    return sent(nat, at({}), inside(host, port), y).value_or(Address{}).port;
  };
  bool kept = true, follow = true, same_parity = true;
  std::uint16_t last = 0;
  for (std::uint16_t i = 0; i < kSockets; ++i) {
    // Steps of three: neither do ports that are kept follow each other.
    const auto inner = static_cast<std::uint16_t>(5000 + 3 * i);
    const std::uint16_t outer = port_of(2, inner);
    kept = kept && outer == inner;
    follow = follow && (i == 0 || outer == last + 1);
    same_parity = same_parity && outer % 2 == inner % 2;
    last = outer;
  }
  if (kept) {
    return port_of(3, 5000) == 5000 ? PortPolicy::preserve_overload : PortPolicy::preserve;
  }
  if (follow) return PortPolicy::sequential;
  return same_parity ? PortPolicy::preserve_parity : PortPolicy::random;
}

// Section 6: whether one host reaches what another one has outside, and whom that one sees. A port
// forward takes the filter out of the question; where no filter is in the way without it, the
// answer must be the same.
Hairpin probe_hairpin(const NatSpec& spec) {
  Nat nat = make_nat(spec);
  const Address one = inside(2, 5000), other = inside(3, 6000);
  const auto external = nat.forward(at({}), 7000, other);
  if (!external) return Hairpin::off;
  EXPECT_TRUE(nat.is_own(*external));
  const Nat::Hairpinned passed = nat.hairpin(at({}), one, *external);
  if (passed.drop != NatDrop::none) return Hairpin::off;
  EXPECT_EQ(passed.destination, other);
  if (passed.source == one) return Hairpin::internal_source;
  // What the other one answers finds the way back.
  EXPECT_TRUE(nat.is_own(passed.source));
  const Nat::Hairpinned answer = nat.hairpin(at({}), other, passed.source);
  EXPECT_EQ(answer.drop, NatDrop::none);
  EXPECT_EQ(answer.destination, one);
  EXPECT_EQ(answer.source, *external);
  return Hairpin::external_source;
}

// Both have sent to the other's X':x', as two that punch holes do.
Hairpin probe_hairpin_of_mappings(const NatSpec& spec) {
  Nat nat = make_nat(spec);
  const Address one = inside(2, 5000), other = inside(3, 6000);
  const Address one_outside = sent(nat, at({}), one, outside(1, 3478)).value_or(Address{});
  const Address other_outside = sent(nat, at({}), other, outside(1, 3478)).value_or(Address{});
  nat.hairpin(at({}), other, one_outside);
  const Nat::Hairpinned passed = nat.hairpin(at({}), one, other_outside);
  if (passed.drop != NatDrop::none) return Hairpin::off;
  EXPECT_EQ(passed.destination, other);
  if (passed.source == one) return Hairpin::internal_source;
  EXPECT_EQ(passed.source, one_outside);
  return Hairpin::external_source;
}

Observed probe(const NatSpec& spec) {
  Observed out;
  Nat nat = make_nat(spec);
  const Address x = inside(2, 5000);
  out.translates = sent(nat, at({}), x, outside(1, 3478)) != x;
  out.filtering = probe_filtering(spec);
  if (!out.translates) {
    EXPECT_FALSE(nat.is_own(x));
    return out;
  }
  out.mapping = probe_mapping(spec);
  out.port_policy = probe_port_policy(spec);
  out.hairpin = probe_hairpin(spec);
  if (out.mapping == Dependence::endpoint_independent) {
    EXPECT_EQ(probe_hairpin_of_mappings(spec), out.hairpin);
  }
  return out;
}

}  // namespace
}  // namespace kith::sim
