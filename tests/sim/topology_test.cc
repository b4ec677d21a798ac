#include "sim/world/topology.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <deque>

#include "engine/base/random.h"
#include "sim/network/network.h"

namespace kith::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::uint16_t kPort = 4433;

// A host that keeps from whom it heard, and where.
struct Host : DatagramSink {
  void on_datagrams(Instant now, const Arrival& arrival) override {
    at = now;
    heard.push_back(arrival.remote);
    locals.push_back(arrival.local);
    interface = arrival.interface;
  }
  NodeId node = 0;
  Attachment attachment;
  Instant at;
  std::vector<Address> heard, locals;
  std::uint32_t interface = 0;
};

class TopologyTest : public ::testing::Test {
 protected:
  SiteId site(const NatSpec& nat = {}, std::optional<SiteId> inside_of = {}, bool ipv6 = false);
  Host& host(const AttachmentSpec& spec);
  Host& host_at(SiteId site) { return host({.site = site, .link = {}, .addresses = {}}); }
  Host& host_in_internet() { return host({.site = {}, .link = {}, .addresses = {}}); }
  static Address address_of(const Host& host, std::size_t which = 0);
  // Sends from the host's port and gives where the datagram seems to come from, if it arrives.
  std::optional<Address> send(const Host& from, Host& to, const Address& destination);
  void run(Duration time) { timeline_.run_until(timeline_.now() + time); }

  Timeline timeline_;
  Network network_{timeline_, RandomSource(std::array<std::byte, 32>{})};
  Topology topology_{network_};
  std::deque<Host> hosts_;
};

TEST_F(TopologyTest, hosts_of_one_site_hear_each_other_untranslated) {
  const SiteId home = site();
  Host& one = host_at(home);
  Host& other = host_at(home);
  EXPECT_EQ(send(one, other, address_of(other)), address_of(one));
  EXPECT_EQ(other.locals.back(), address_of(other));
}

TEST_F(TopologyTest, what_leaves_a_site_comes_from_its_gateway_and_answers_come_back) {
  Host& inside = host_at(site());
  Host& server = host_in_internet();
  const auto seen = send(inside, server, address_of(server));
  ASSERT_TRUE(seen);
  EXPECT_NE(seen->ip, address_of(inside).ip);
  EXPECT_EQ(send(server, inside, *seen), address_of(server));
  EXPECT_EQ(inside.locals.back(), address_of(inside));
}

TEST_F(TopologyTest, a_stranger_is_not_let_in) {
  Host& inside = host_at(site());
  Host& server = host_in_internet();
  Host& stranger = host_in_internet();
  const auto seen = send(inside, server, address_of(server));
  ASSERT_TRUE(seen);
  EXPECT_EQ(send(stranger, inside, *seen), std::nullopt);
  EXPECT_EQ(network_.counters().refused_by_nat, 1u);
}

TEST_F(TopologyTest, sites_use_the_same_addresses_and_do_not_reach_each_other_by_them) {
  const SiteId first = site();
  const SiteId second = site();
  Host& one = host_at(first);
  Host& other = host_at(second);
  EXPECT_EQ(address_of(one), address_of(other));
  host_at(first);
  Host& third = host_at(second);
  EXPECT_EQ(send(one, third, address_of(third)), std::nullopt);
  EXPECT_THAT(third.heard, IsEmpty());
}

TEST_F(TopologyTest, nested_gateways_translate_one_after_the_other) {
  const SiteId carrier = site();
  const SiteId flat = site({}, carrier);
  Host& inside = host_at(flat);
  host_at(carrier);  // or the next one would have the address of `inside`
  Host& neighbour = host_at(carrier);
  Host& server = host_in_internet();
  const auto by_neighbour = send(inside, neighbour, address_of(neighbour));
  ASSERT_TRUE(by_neighbour);
  EXPECT_EQ(std::to_integer<int>(by_neighbour->ip[0]), 100);  // RFC 6598
  const auto by_server = send(inside, server, address_of(server));
  ASSERT_TRUE(by_server);
  EXPECT_EQ(std::to_integer<int>(by_server->ip[0]), 20);
  EXPECT_EQ(send(server, inside, *by_server), address_of(server));
}

TEST_F(TopologyTest, a_forwarded_port_is_reached_through_all_gateways) {
  const SiteId carrier = site();
  const SiteId flat = site({}, carrier);
  AttachmentSpec spec{.site = flat, .link = {}, .addresses = {}};
  spec.forwarded = true;
  Host& first = host(spec);
  Host& second = host(spec);
  Host& server = host_in_internet();
  const auto first_at = topology_.forwarded_address(first.attachment);
  const auto second_at = topology_.forwarded_address(second.attachment);
  ASSERT_TRUE(first_at && second_at);
  EXPECT_NE(first_at, second_at);
  EXPECT_EQ(send(server, first, *first_at), address_of(server));
  EXPECT_EQ(send(server, second, *second_at), address_of(server));
  EXPECT_EQ(second.locals.back(), address_of(second));
}

TEST_F(TopologyTest, a_forwarded_port_is_reached_whichever_public_address_it_has) {
  SiteSpec spec;
  spec.name = "home";
  spec.public_addresses = 3;
  AttachmentSpec place{.site = topology_.add_site(spec), .link = {}, .addresses = {}};
  place.forwarded = true;
  Host& server = host_in_internet();
  for (int i = 0; i < 8; ++i) {
    Host& inside = host(place);
    const auto at = topology_.forwarded_address(inside.attachment);
    ASSERT_TRUE(at);
    EXPECT_EQ(send(server, inside, *at), address_of(server));
  }
}

TEST_F(TopologyTest, a_hairpin_reaches_a_neighbour_by_the_address_outside) {
  NatSpec nat;
  nat.hairpin = Hairpin::external_source;
  nat.filtering = Dependence::endpoint_independent;
  const SiteId home = site(nat);
  Host& one = host_at(home);
  Host& other = host_at(home);
  Host& server = host_in_internet();
  const auto one_outside = send(one, server, address_of(server));
  const auto other_outside = send(other, server, address_of(server));
  ASSERT_TRUE(one_outside && other_outside);
  EXPECT_EQ(send(one, other, *other_outside), one_outside);
}

TEST_F(TopologyTest, without_hairpinning_it_does_not) {
  NatSpec nat;
  nat.hairpin = Hairpin::off;
  const SiteId home = site(nat);
  Host& one = host_at(home);
  Host& other = host_at(home);
  Host& server = host_in_internet();
  const auto outside = send(other, server, address_of(server));
  ASSERT_TRUE(outside);
  EXPECT_EQ(send(one, other, *outside), std::nullopt);
}

TEST_F(TopologyTest, ipv6_is_filtered_and_never_translated) {
  Host& inside = host_at(site({}, site({}, {}, true), true));
  Host& server = host({.site = {}, .link = {}, .addresses = {}, .ipv6 = true});
  const Address own = address_of(inside, 1);
  ASSERT_EQ(own.family, Address::Family::ipv6);
  EXPECT_EQ(send(server, inside, own), std::nullopt);
  EXPECT_EQ(send(inside, server, address_of(server, 1)), own);
  EXPECT_EQ(send(server, inside, own), address_of(server, 1));
}

TEST_F(TopologyTest, multicast_reaches_everyone_on_the_lan_and_nobody_beyond) {
  const SiteId home = site();
  Host& one = host_at(home);
  Host& second = host_at(home);
  Host& third = host_at(home);
  Host& elsewhere = host_at(site());
  send(one, second, Address::v4(224, 0, 0, 251, 5353));
  EXPECT_THAT(second.heard, ElementsAre(address_of(one)));
  EXPECT_THAT(third.heard, ElementsAre(address_of(one)));
  EXPECT_THAT(one.heard, IsEmpty());
  EXPECT_THAT(elsewhere.heard, IsEmpty());
  EXPECT_EQ(network_.in_flight(), 0u);
}

TEST_F(TopologyTest, lines_and_latencies_add_up) {
  network_.set_latency(0, 1, milliseconds(40));
  network_.set_latency(1, 0, milliseconds(50));
  SiteSpec spec;
  spec.name = "home";
  spec.line.up.delay = milliseconds(3);
  spec.line.down.delay = milliseconds(2);
  AttachmentSpec place{.site = topology_.add_site(spec), .link = {}, .addresses = {}};
  place.link.up.delay = place.link.down.delay = milliseconds(1);
  Host& inside = host(place);
  AttachmentSpec far{.site = {}, .link = {}, .addresses = {}};
  far.link.region = 1;
  far.link.down.delay = milliseconds(7);
  Host& server = host(far);
  const auto seen = send(inside, server, address_of(server));
  ASSERT_TRUE(seen);
  EXPECT_EQ(server.at - Instant{}, milliseconds(1 + 3 + 40 + 7));
  const Instant before = timeline_.now();
  ASSERT_TRUE(send(server, inside, *seen));
  EXPECT_EQ(inside.at - before, milliseconds(50 + 2 + 1));
}

TEST_F(TopologyTest, all_hosts_of_a_site_share_its_line) {
  SiteSpec spec;
  spec.name = "home";
  spec.line.up.rate_bps = 8'000'000;  // one byte in a microsecond
  const SiteId home = topology_.add_site(spec);
  Host& one = host_at(home);
  Host& other = host_at(home);
  Host& server = host_in_internet();
  for (Host* sender : {&one, &other}) {
    network_.send(sender->node, address_of(*sender), address_of(server), Ecn::not_ect, Bytes(972));
  }
  run(seconds(1));
  EXPECT_EQ(server.at - Instant{}, milliseconds(2));
}

TEST_F(TopologyTest, an_island_is_cut_off_in_the_directions_that_are_cut) {
  Host& on = host_in_internet();
  Host& off = host_in_internet();
  network_.set_on_island(on.attachment.member, 5, true);
  struct Case {
    Network::Cut cut;
    bool out, in;
  };
  for (const Case& each : {Case{Network::Cut::none, true, true},
                           {Network::Cut::inbound, true, false},
                           {Network::Cut::outbound, false, true},
                           {Network::Cut::both, false, false},
                           {Network::Cut::none, true, true}}) {
    network_.cut_off(5, each.cut);
    EXPECT_EQ(send(on, off, address_of(off)).has_value(), each.out);
    EXPECT_EQ(send(off, on, address_of(on)).has_value(), each.in);
  }
  EXPECT_EQ(network_.counters().partitioned, 4u);
}

TEST_F(TopologyTest, who_is_on_the_same_island_hears_each_other) {
  Host& one = host_in_internet();
  Host& other = host_in_internet();
  network_.set_on_island(one.attachment.member, 0, true);
  network_.set_on_island(other.attachment.member, 0, true);
  network_.cut_off(0, Network::Cut::both);
  EXPECT_TRUE(send(one, other, address_of(other)));
  network_.set_on_island(other.attachment.member, 0, false);
  EXPECT_FALSE(send(one, other, address_of(other)));
}

TEST_F(TopologyTest, a_renumbered_site_is_reached_by_its_new_address_alone) {
  const SiteId home = site();
  AttachmentSpec spec{.site = home, .link = {}, .addresses = {}};
  spec.forwarded = true;
  Host& inside = host(spec);
  Host& server = host_in_internet();
  const auto old = topology_.forwarded_address(inside.attachment);
  topology_.renumber(home);
  const auto fresh = topology_.forwarded_address(inside.attachment);
  ASSERT_TRUE(old && fresh);
  EXPECT_NE(old, fresh);
  EXPECT_EQ(send(server, inside, *old), std::nullopt);
  EXPECT_EQ(send(server, inside, *fresh), address_of(server));
}

TEST_F(TopologyTest, what_a_carrier_forwards_follows_a_renumbered_customer) {
  const SiteId flat = site({}, site());
  AttachmentSpec spec{.site = flat, .link = {}, .addresses = {}};
  spec.forwarded = true;
  Host& inside = host(spec);
  Host& server = host_in_internet();
  const auto before = topology_.forwarded_address(inside.attachment);
  topology_.renumber(flat);
  const auto after = topology_.forwarded_address(inside.attachment);
  ASSERT_TRUE(before && after);
  EXPECT_EQ(before->ip, after->ip);
  EXPECT_EQ(send(server, inside, *after), address_of(server));
}

TEST_F(TopologyTest, a_host_that_has_left_a_network_is_not_there_until_it_comes_back) {
  const SiteId home = site({}, {}, true);
  Host& one = host_at(home);
  Host& other = host_at(home);
  topology_.connect(other.attachment, false);
  EXPECT_EQ(send(one, other, address_of(other)), std::nullopt);
  EXPECT_FALSE(network_.source_for(other.node, address_of(one)));
  topology_.connect(other.attachment, true);
  EXPECT_TRUE(send(one, other, address_of(other)));
  topology_.connect(other.attachment, false, /*ipv6_only=*/true);
  EXPECT_TRUE(send(one, other, address_of(other)));
  EXPECT_EQ(send(one, other, address_of(other, 1)), std::nullopt);
}

TEST_F(TopologyTest, a_host_with_two_networks_leaves_by_the_one_that_leads_there) {
  const SiteId home = site();
  const SiteId office = site();
  Host& at_home = host_at(home);
  Host& both = host_at(home);
  host_at(office);
  host_at(office);
  Host& at_office = host_at(office);
  Attachment second = topology_.attach(both.node, {.site = office, .link = {}, .addresses = {}});
  EXPECT_EQ(network_.source_for(both.node, address_of(at_home))->ip, address_of(both).ip);
  EXPECT_EQ(network_.source_for(both.node, address_of(at_office))->ip, second.addresses[0].ip);
  ASSERT_TRUE(send(at_home, both, address_of(both)));
  EXPECT_EQ(both.interface, 1u);
  Address there = second.addresses[0];
  there.port = kPort;
  ASSERT_TRUE(send(at_office, both, there));
  EXPECT_EQ(both.interface, 2u);
}

// --- helpers ------------------------------------------------------------------------------------

SiteId TopologyTest::site(const NatSpec& nat, std::optional<SiteId> inside_of, bool ipv6) {
  SiteSpec spec;
  spec.name = "site";
  spec.nat = nat;
  spec.inside_of = inside_of;
  spec.ipv6 = ipv6;
  return topology_.add_site(spec);
}

Host& TopologyTest::host(const AttachmentSpec& spec) {
  Host& host = hosts_.emplace_back();
  host.node = network_.add_node(host);
  host.attachment = topology_.attach(host.node, spec);
  return host;
}

Address TopologyTest::address_of(const Host& host, std::size_t which) {
  Address address = host.attachment.addresses.at(which);
  address.port = kPort;
  return address;
}

std::optional<Address> TopologyTest::send(const Host& from, Host& to, const Address& destination) {
  const std::size_t before = to.heard.size();
  auto source = network_.source_for(from.node, destination);
  if (!source) return std::nullopt;
  source->port = kPort;
  network_.send(from.node, *source, destination, Ecn::not_ect, Bytes(100));
  run(seconds(1));
  if (to.heard.size() == before) return std::nullopt;
  return to.heard.back();
}

}  // namespace
}  // namespace kith::sim
