// What a NAT does over time: timeouts at their boundaries, tables that are full, reboots, and the
// rest that no single probe sees.

#include "sim/nat/nat.h"

#include <gtest/gtest.h>

#include <set>

#include "sim/nat/exhaust.h"
#include "tests/sim/nat_scene.h"

namespace kith::sim {
namespace {

using std::chrono::seconds;

constexpr Duration kTick{1};
const Address kX = inside(2, 5000);
const Address kY = outside(1, 3478);

TEST(Nat, an_unreplied_flow_ends_exactly_at_its_timeout) {
  for (const bool just_before : {true, false}) {
    Nat nat = make_nat({});
    const Address external = sent(nat, at({}), kX, kY).value();
    const Instant then = at(seconds(30)) - (just_before ? kTick : Duration{});
    EXPECT_EQ(received(nat, then, external, kY).has_value(), just_before);
    EXPECT_EQ(nat.seen(NatProbe::expired_unreplied), just_before ? 0u : 1u);
  }
}

TEST(Nat, a_replied_flow_ends_exactly_at_its_longer_timeout) {
  for (const bool just_before : {true, false}) {
    Nat nat = make_nat({});
    const Address external = sent(nat, at({}), kX, kY).value();
    EXPECT_TRUE(received(nat, at(seconds(20)), external, kY));
    const Instant then = at(seconds(140)) - (just_before ? kTick : Duration{});
    EXPECT_EQ(received(nat, then, external, kY).has_value(), just_before);
    EXPECT_EQ(nat.seen(NatProbe::expired_replied), just_before ? 0u : 1u);
  }
}

TEST(Nat, outbound_datagrams_refresh) {
  Nat nat = make_nat({});
  const Address external = sent(nat, at({}), kX, kY).value();
  sent(nat, at(seconds(29)), kX, kY);
  EXPECT_TRUE(received(nat, at(seconds(58)), external, kY));
}

TEST(Nat, inbound_datagrams_refresh_only_where_the_spec_says_so) {
  for (const bool refreshes : {true, false}) {
    NatSpec spec;
    spec.inbound_refreshes = refreshes;
    Nat nat = make_nat(spec);
    const Address external = sent(nat, at({}), kX, kY).value();
    EXPECT_TRUE(received(nat, at(seconds(20)), external, kY));
    EXPECT_EQ(received(nat, at(seconds(40)), external, kY).has_value(), refreshes);
  }
}

TEST(Nat, an_absolute_timeout_ends_a_mapping_under_traffic) {
  NatSpec spec;
  spec.absolute_timeout = seconds(60);
  Nat nat = make_nat(spec);
  const Address external = sent(nat, at({}), kX, kY).value();
  for (int second = 1; second < 60; ++second) {
    ASSERT_EQ(sent(nat, at(seconds(second)), kX, kY), external);
    ASSERT_TRUE(received(nat, at(seconds(second)), external, kY));
  }
  EXPECT_TRUE(received(nat, at(seconds(60)) - kTick, external, kY));
  EXPECT_FALSE(received(nat, at(seconds(60)), external, kY));
  EXPECT_EQ(nat.seen(NatProbe::expired_absolute), 1u);
}

TEST(Nat, a_full_table_drops_what_is_new) {
  NatSpec spec;
  spec.table_size = 2;
  Nat nat = make_nat(spec);
  EXPECT_TRUE(sent(nat, at({}), inside(2, 1), kY));
  EXPECT_TRUE(sent(nat, at({}), inside(2, 2), kY));
  EXPECT_EQ(nat.outbound(at({}), inside(2, 3), kY).drop, NatDrop::table_full);
  EXPECT_EQ(nat.drops(NatDrop::table_full), 1u);
  EXPECT_TRUE(sent(nat, at({}), inside(2, 1), kY));
  EXPECT_TRUE(sent(nat, at(seconds(30)), inside(2, 3), kY)) << "the others have expired";
}

TEST(Nat, a_full_table_may_give_up_the_flow_that_was_idle_for_longest) {
  NatSpec spec;
  spec.table_size = 2;
  spec.when_full = WhenFull::evict_oldest_idle;
  Nat nat = make_nat(spec);
  const Address first = sent(nat, at({}), inside(2, 1), kY).value();
  const Address second = sent(nat, at(seconds(1)), inside(2, 2), kY).value();
  sent(nat, at(seconds(2)), inside(2, 1), kY);
  const Address third = sent(nat, at(seconds(3)), inside(2, 3), kY).value();
  EXPECT_TRUE(received(nat, at(seconds(3)), first, kY));
  EXPECT_FALSE(received(nat, at(seconds(3)), second, kY));
  EXPECT_TRUE(received(nat, at(seconds(3)), third, kY));
  EXPECT_EQ(nat.seen(NatProbe::evicted), 1u);
}

TEST(Nat, hosts_that_fill_the_table_take_no_port_of_another_where_two_may_share_one) {
  NatSpec spec;
  spec.port_policy = PortPolicy::preserve_overload;
  spec.filtering = Dependence::endpoint_independent;
  spec.table_size = 131'072;
  Nat nat = make_nat(spec);
  const Address external = sent(nat, at({}), kX, kY).value();
  exhaust(nat, at({}));
  EXPECT_EQ(nat.flows(), spec.table_size);
  EXPECT_EQ(nat.outbound(at({}), inside(3, 1), kY).drop, NatDrop::table_full);
  EXPECT_EQ(received(nat, at({}), external, kY), kX);
}

TEST(Nat, two_that_share_a_port_get_what_comes_from_whom_they_send_to) {
  NatSpec spec;
  spec.port_policy = PortPolicy::preserve_overload;
  spec.filtering = Dependence::endpoint_independent;
  for (const Dependence mapping : {Dependence::endpoint_independent, Dependence::address_dependent,
                                   Dependence::address_and_port_dependent}) {
    SCOPED_TRACE(to_string(mapping));
    spec.mapping = mapping;
    Nat nat = make_nat(spec);
    const Address one = inside(1, 5000), other = inside(2, 5000);
    const Address external = sent(nat, at({}), one, kY).value();
    const Address z = Address::v4(9, 9, 9, 10, 99);
    ASSERT_EQ(sent(nat, at({}), other, z), external);
    EXPECT_EQ(received(nat, at({}), external, kY), one);
    EXPECT_EQ(received(nat, at({}), external, z), other);
    EXPECT_EQ(received(nat, at({}), external, Address::v4(9, 9, 9, 11, 99)), other);
  }
}

TEST(Nat, two_that_share_a_port_and_send_to_one_take_turns_at_what_it_answers) {
  NatSpec spec;
  spec.port_policy = PortPolicy::preserve_overload;
  for (const Dependence filtering :
       {Dependence::endpoint_independent, Dependence::address_and_port_dependent}) {
    SCOPED_TRACE(to_string(filtering));
    spec.filtering = filtering;
    Nat nat = make_nat(spec);
    const Address one = inside(1, 5000), other = inside(2, 5000);
    const Address external = sent(nat, at({}), one, kY).value();
    ASSERT_EQ(sent(nat, at(seconds(1)), other, kY), external);
    EXPECT_EQ(received(nat, at(seconds(2)), external, kY), other);
    sent(nat, at(seconds(3)), one, kY);
    EXPECT_EQ(received(nat, at(seconds(4)), external, kY), one);
    EXPECT_EQ(received(nat, at(seconds(5)), external, kY), one);
  }
}

TEST(Nat, hosts_that_exhaust_it_leave_no_port) {
  NatSpec spec;
  spec.table_size = 131'072;
  Nat nat = make_nat(spec);
  exhaust(nat, at({}));
  EXPECT_LT(nat.flows(), spec.table_size);
  EXPECT_EQ(nat.outbound(at({}), kX, kY).drop, NatDrop::no_port);
}

TEST(Nat, ports_run_out) {
  for (const PortPolicy policy :
       {PortPolicy::sequential, PortPolicy::random, PortPolicy::preserve_parity}) {
    SCOPED_TRACE(to_string(policy));
    NatSpec spec;
    spec.port_policy = policy;
    spec.mapping = Dependence::address_and_port_dependent;
    spec.table_size = 100'000;
    Nat nat = make_nat(spec);
    const bool parity = policy == PortPolicy::preserve_parity;
    const std::size_t ports = parity ? (65'536 - 1024) / 2 : 65'536 - 1024;
    std::set<std::uint16_t> given;
    for (std::size_t i = 0; i < ports; ++i) {
      const auto port = static_cast<std::uint16_t>(i % 60'000 + 1);
      const auto external =
          sent(nat, at({}), kX, outside(static_cast<std::uint8_t>(i / 60'000 + 1), port));
      ASSERT_TRUE(external);
      ASSERT_TRUE(given.insert(external->port).second);
    }
    EXPECT_EQ(nat.outbound(at({}), kX, outside(9, 9)).drop, NatDrop::no_port);
    EXPECT_TRUE(sent(nat, at(seconds(30)), kX, outside(9, 9)));
  }
}

TEST(Nat, a_port_below_1024_is_given_only_to_who_has_one) {
  Nat nat = make_nat({});
  EXPECT_EQ(sent(nat, at({}), inside(2, 1023), kY)->port, 1023);
  EXPECT_LT(sent(nat, at({}), inside(3, 1023), kY)->port, 1023);
  EXPECT_EQ(sent(nat, at({}), inside(2, 65'535), kY)->port, 65'535);
  EXPECT_EQ(sent(nat, at({}), inside(3, 65'535), kY)->port, 1024);
}

TEST(Nat, a_reboot_forgets_mappings_and_keeps_forwards) {
  Nat nat = make_nat({});
  const Address external = sent(nat, at({}), kX, kY).value();
  const Address forwarded = nat.forward(at({}), 7000, inside(3, 80)).value();
  nat.reboot(at({}));
  EXPECT_EQ(nat.inbound(at({}), external, kY).drop, NatDrop::no_mapping);
  EXPECT_EQ(received(nat, at({}), forwarded, outside(9, 9)), inside(3, 80));
  EXPECT_EQ(nat.mappings() + nat.flows(), 0u);
}

TEST(Nat, a_rebind_changes_the_port_under_a_conversation) {
  Nat nat = make_nat({});
  const Address before = sent(nat, at({}), kX, kY).value();
  nat.rebind(at({}));
  EXPECT_FALSE(received(nat, at({}), before, kY));
  const Address after = sent(nat, at({}), kX, kY).value();
  EXPECT_NE(after, before);
  EXPECT_FALSE(received(nat, at({}), before, kY));
  EXPECT_EQ(received(nat, at({}), after, kY), kX);
  EXPECT_EQ(sent(nat, at({}), kX, kY), after);
  EXPECT_EQ(nat.seen(NatProbe::rebound), 1u);
}

TEST(Nat, a_change_of_address_takes_forwards_along) {
  Nat nat = make_nat({});
  const Address before = sent(nat, at({}), kX, kY).value();
  nat.forward(at({}), 7000, inside(3, 80));
  const Address other_ip = Address::v4(203, 0, 113, 77, 0);
  nat.change_address(at({}), {other_ip});
  EXPECT_EQ(nat.inbound(at({}), before, kY).drop, NatDrop::not_own);
  EXPECT_FALSE(nat.is_own(kPublicIp));
  EXPECT_EQ(sent(nat, at({}), kX, kY), with_port(other_ip, 5000));
  EXPECT_EQ(received(nat, at({}), with_port(other_ip, 7000), kY), inside(3, 80));
}

TEST(Nat, who_answers_before_being_asked_meets_another_port_where_that_poisons) {
  for (const bool poisons : {true, false}) {
    for (const bool mapped_before : {true, false}) {
      NatSpec spec;
      spec.unsolicited_poisons = poisons;
      Nat nat = make_nat(spec);
      const Address expected = with_port(kPublicIp, kX.port);
      if (mapped_before) sent(nat, at({}), kX, outside(9, 9));
      EXPECT_FALSE(received(nat, at({}), expected, kY));
      const Address external = sent(nat, at(seconds(1)), kX, kY).value();
      EXPECT_EQ(external == expected, !poisons);
      EXPECT_EQ(received(nat, at(seconds(1)), external, kY), kX);
      EXPECT_EQ(sent(nat, at(seconds(1)), kX, outside(9, 9)), expected) << "others see no change";
      EXPECT_EQ(nat.seen(NatProbe::poison_dodged), poisons ? 1u : 0u);
    }
  }
}

TEST(Nat, poison_wears_off) {
  NatSpec spec;
  spec.unsolicited_poisons = true;
  Nat nat = make_nat(spec);
  received(nat, at({}), with_port(kPublicIp, kX.port), kY);
  EXPECT_EQ(sent(nat, at(seconds(30)), kX, kY), with_port(kPublicIp, kX.port));
}

TEST(Nat, a_forward_admits_anyone_and_maps_what_its_endpoint_sends) {
  NatSpec spec;
  spec.mapping = Dependence::address_and_port_dependent;
  Nat nat = make_nat(spec);
  const Address external = nat.forward(at({}), 7000, kX).value();
  EXPECT_EQ(external, with_port(kPublicIp, 7000));
  EXPECT_EQ(received(nat, at({}), external, outside(9, 9)), kX);
  EXPECT_EQ(sent(nat, at({}), kX, kY), external);
  EXPECT_FALSE(nat.forward(at({}), 7000, inside(3, 80)));
  EXPECT_EQ(sent(nat, at({}), inside(3, 7000), kY)->port, 7001);
  nat.unforward(at({}), 7000, kX);
  EXPECT_FALSE(received(nat, at({}), external, outside(9, 9)));
}

TEST(Nat, a_forward_takes_over_what_its_endpoint_has_on_the_port_and_nothing_of_others) {
  Nat nat = make_nat({});
  const Address external = sent(nat, at({}), kX, kY).value();
  EXPECT_FALSE(nat.forward(at({}), external.port, inside(3, 80)));
  EXPECT_EQ(nat.forward(at({}), external.port, kX), external);
  EXPECT_EQ(received(nat, at({}), external, outside(9, 9)), kX);
  EXPECT_EQ(sent(nat, at({}), kX, kY), external);
}

TEST(Nat, a_firewall_can_be_opened) {
  NatSpec spec;
  spec.translate = false;
  Nat nat = make_nat(spec);
  const Address host = Address::parse("[2001:db8::2]:5000").value();
  const Address stranger = Address::parse("[2001:db8:1::1]:9").value();
  EXPECT_FALSE(received(nat, at({}), host, stranger));
  EXPECT_EQ(nat.forward(at({}), host.port, host), host);
  EXPECT_EQ(received(nat, at({}), host, stranger), host);
}

TEST(Nat, addresses_are_pooled_as_declared) {
  for (const Pooling pooling : {Pooling::paired, Pooling::arbitrary}) {
    NatSpec spec;
    spec.pooling = pooling;
    Nat nat(spec, {kPublicIp, Address::v4(203, 0, 113, 2, 0)}, draws());
    std::set<Address> of_one_host, of_all;
    for (std::uint16_t i = 0; i < 64; ++i) {
      const auto port = static_cast<std::uint16_t>(5000 + i);
      of_one_host.insert(with_port(sent(nat, at({}), inside(2, port), kY).value(), 0));
      const auto host = static_cast<std::uint8_t>(3 + i);
      of_all.insert(with_port(sent(nat, at({}), inside(host, 5000), kY).value(), 0));
    }
    EXPECT_EQ(of_one_host.size(), pooling == Pooling::paired ? 1u : 2u);
    EXPECT_EQ(of_all.size(), 2u);
  }
}

TEST(Nat, udp_is_blocked_both_ways) {
  Nat nat = make_nat(*find_nat("udp_blocked"));
  EXPECT_EQ(nat.outbound(at({}), kX, kY).drop, NatDrop::udp_blocked);
  EXPECT_EQ(nat.inbound(at({}), with_port(kPublicIp, 5000), kY).drop, NatDrop::udp_blocked);
}

TEST(Nat, other_ip_versions_and_other_addresses_are_refused) {
  Nat nat = make_nat({});
  const Address six = Address::parse("[2001:db8::2]:5000").value();
  EXPECT_EQ(nat.outbound(at({}), six, six).drop, NatDrop::other_family);
  EXPECT_EQ(nat.inbound(at({}), outside(5, 5), kY).drop, NatDrop::not_own);
}

// Each hop's mapping is an endpoint behind the next.
TEST(Nat, nested_two_and_three_deep_a_chain_maps_and_filters_as_its_strictest) {
  for (const std::size_t depth : {2u, 3u}) {
    std::vector<Nat> chain;
    for (std::size_t hop = 0; hop < depth; ++hop) {
      NatSpec spec = *find_nat(hop == 1 ? "full_cone" : "home");
      const Address ip =
          hop + 1 == depth ? kPublicIp : Address::v4(100, 64, static_cast<std::uint8_t>(hop), 7, 0);
      chain.emplace_back(spec, std::vector{ip}, draws(hop));
    }
    Address external = kX;
    for (Nat& nat : chain) external = sent(nat, at({}), external, kY).value();
    EXPECT_EQ(external, with_port(kPublicIp, kX.port));
    const auto arrives = [&](const Address& from) {
      std::optional<Address> to = external;
      for (std::size_t hop = depth; hop-- > 0 && to;) to = received(chain[hop], at({}), *to, from);
      return to;
    };
    EXPECT_EQ(arrives(kY), kX);
    EXPECT_EQ(arrives(outside(2, 3478)), std::nullopt);
    chain[0].reboot(at({}));
    EXPECT_EQ(arrives(kY), std::nullopt);
  }
}

TEST(Nat, equal_calls_and_draws_give_equal_results) {
  const auto run = [](std::uint64_t seed) {
    Nat nat = make_nat(*find_nat("symmetric"), seed);
    std::vector<Address> out;
    for (std::uint16_t port = 1; port < 100; ++port) {
      out.push_back(sent(nat, at({}), kX, outside(1, port)).value());
    }
    return out;
  };
  EXPECT_EQ(run(1), run(1));
  EXPECT_NE(run(1), run(2));
}

TEST(Nat, an_unused_one_is_small) { EXPECT_LE(sizeof(Nat), 1024u); }

}  // namespace
}  // namespace kith::sim
