// The port-mapping services of gateways, as a bare host inside meets them.

#include "sim/nat/port_mapping.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>

#include "engine/base/random.h"
#include "sim/network/network.h"
#include "sim/world/topology.h"

namespace kith::sim {
namespace {

using namespace port_mapping;
using std::chrono::hours;
using std::chrono::seconds;

constexpr std::uint16_t kPort = 4433;
const Address kGateway = Address::v4(192, 168, 1, 1, kServerPort);

struct Host : DatagramSink {
  void on_datagrams(Instant, const Arrival& arrival) override {
    for (std::size_t at = 0; at < arrival.bytes.size(); at += arrival.stride) {
      const std::size_t size = std::min(arrival.stride, arrival.bytes.size() - at);
      heard.push_back(to_bytes(arrival.bytes.subspan(at, size)));
      from.push_back(arrival.remote);
      to.push_back(arrival.local);
    }
  }
  NodeId node = 0;
  Attachment attachment;
  std::vector<Bytes> heard;
  std::vector<Address> from, to;
};

class PortMappingTest : public ::testing::Test {
 protected:
  // A site with such a service, a host there, and one in the internet.
  void build(const PortMappingSpec& spec, std::optional<SiteId> inside_of = {},
             bool forwarded = false);
  Host& host(std::optional<SiteId> site, bool forwarded = false);
  void run(Duration time) { timeline_.run_until(timeline_.now() + time); }
  void send(const Host& from, std::uint16_t port, const Address& to, ByteView bytes);

  // What the gateway answers the host, if anything.
  std::optional<Response> ask(const Request& request) { return ask(*inside_, encode(request)); }
  std::optional<Response> ask(const Host& who, const Bytes& request);
  PcpMapResponse map(const PcpMapRequest& request);
  // Of the host's own port; by its nonce.
  PcpMapRequest wish(std::uint32_t lifetime_s, std::uint16_t port = kPort,
                     unsigned nonce = 7) const;
  // Whether a stranger in the internet gets a datagram through to the host's port.
  bool reached_at(const Address& address);
  std::uint64_t seen(MappingProbe probe) const {
    return network_.port_mapping(topology_.gateway(site_)).seen(probe);
  }

  Timeline timeline_;
  Network network_{timeline_, RandomSource(std::array<std::byte, 32>{})};
  Topology topology_{network_};
  std::deque<Host> hosts_;
  SiteId site_ = 0;
  Host* inside_ = nullptr;
  Host* stranger_ = nullptr;
};

Address at(const PcpMapResponse& response) {
  Address address = response.external_ip;
  address.port = response.external_port;
  return address;
}

TEST_F(PortMappingTest, a_mapped_port_is_reached_by_strangers_until_its_lifetime_ends) {
  build({.speaks = MappingProtocol::pcp});
  const PcpMapResponse response = map(wish(600));
  ASSERT_EQ(response.result, PcpResult::success);
  EXPECT_EQ(response.lifetime_s, 600u);
  EXPECT_EQ(response.nonce, wish(600).nonce);
  EXPECT_EQ(response.external_port, kPort);
  EXPECT_TRUE(reached_at(at(response)));
  run(seconds(590));
  EXPECT_TRUE(reached_at(at(response)));
  run(seconds(10));
  EXPECT_FALSE(reached_at(at(response)));
  EXPECT_EQ(seen(MappingProbe::mapped), 1u);
  EXPECT_EQ(seen(MappingProbe::expired), 1u);
}

TEST_F(PortMappingTest, nat_pmp_does_the_same_and_tells_the_address_apart) {
  build({.speaks = MappingProtocol::nat_pmp});
  const auto address = ask(PmpAddressRequest{});
  const auto mapped = ask(PmpMapRequest{false, kPort, 5000, 60});
  ASSERT_TRUE(address && mapped);
  const auto& response = std::get<PmpMapResponse>(*mapped);
  EXPECT_EQ(response.result, PmpResult::success);
  EXPECT_EQ(response.internal_port, kPort);
  EXPECT_EQ(response.external_port, 5000);
  Address external = std::get<PmpAddressResponse>(*address).external;
  external.port = response.external_port;
  EXPECT_TRUE(reached_at(external));
  run(seconds(60));
  EXPECT_FALSE(reached_at(external));
  const auto tcp = ask(PmpMapRequest{true, kPort, 5000, 60});
  EXPECT_EQ(std::get<PmpMapResponse>(*tcp).result, PmpResult::unsupported_opcode);
}

TEST_F(PortMappingTest, a_renewed_mapping_keeps_its_port_and_lives_on) {
  build({.speaks = MappingProtocol::both});
  const PcpMapResponse first = map(wish(600));
  run(seconds(500));
  const PcpMapResponse second = map(wish(600, 9999));
  EXPECT_EQ(at(first), at(second));
  run(seconds(500));
  EXPECT_TRUE(reached_at(at(first)));
  EXPECT_EQ(seen(MappingProbe::renewed), 1u);
  EXPECT_EQ(seen(MappingProbe::expired), 0u);
}

TEST_F(PortMappingTest, a_deleted_mapping_is_gone_and_nobody_else_deletes_it) {
  build({.speaks = MappingProtocol::both});
  const Address external = at(map(wish(600)));
  EXPECT_EQ(map(wish(0, kPort, 8)).result, PcpResult::not_authorized);
  EXPECT_EQ(map(wish(600, kPort, 8)).result, PcpResult::not_authorized);
  EXPECT_TRUE(reached_at(external));
  const PcpMapResponse deleted = map(wish(0));
  EXPECT_EQ(deleted.result, PcpResult::success);
  EXPECT_EQ(deleted.lifetime_s, 0u);
  EXPECT_FALSE(reached_at(external));
  EXPECT_EQ(seen(MappingProbe::deleted), 1u);
  // Deleting what is not there succeeds: RFC 6887 section 15.
  EXPECT_EQ(map(wish(0)).result, PcpResult::success);
  EXPECT_EQ(seen(MappingProbe::deleted), 1u);
}

TEST_F(PortMappingTest, a_port_of_zero_deletes_all_of_the_host_alone) {
  build({.speaks = MappingProtocol::nat_pmp});
  Host& neighbour = host(site_);
  const auto theirs = ask(neighbour, encode(Request(PmpMapRequest{false, kPort, 7000, 600})));
  ASSERT_TRUE(theirs && ask(PmpMapRequest{false, kPort, 5000, 600}) &&
              ask(PmpMapRequest{false, kPort + 1, 5001, 600}));
  ASSERT_TRUE(ask(PmpMapRequest{false, 0, 0, 0}));
  EXPECT_EQ(seen(MappingProbe::deleted), 2u);
  EXPECT_EQ(network_.port_mapping(topology_.gateway(site_)).mappings(), 1u);
}

TEST_F(PortMappingTest, a_gateway_without_the_service_is_silent) {
  build({});
  EXPECT_FALSE(ask(wish(600)));
  EXPECT_FALSE(ask(PmpAddressRequest{}));
}

TEST_F(PortMappingTest, a_lying_gateway_says_yes_and_lets_nobody_in) {
  build({.speaks = MappingProtocol::both, .conduct = MappingConduct::lies});
  const PcpMapResponse response = map(wish(600));
  EXPECT_EQ(response.result, PcpResult::success);
  EXPECT_EQ(response.lifetime_s, 600u);
  EXPECT_FALSE(reached_at(at(response)));
  EXPECT_EQ(seen(MappingProbe::lied), 1u);
  EXPECT_EQ(seen(MappingProbe::mapped), 0u);
}

TEST_F(PortMappingTest, a_mapping_may_end_before_the_lifetime_that_was_promised) {
  build({.speaks = MappingProtocol::both, .ends_after = seconds(90)});
  const PcpMapResponse response = map(wish(600));
  EXPECT_EQ(response.lifetime_s, 600u);
  run(seconds(80));
  EXPECT_TRUE(reached_at(at(response)));
  run(seconds(10));
  EXPECT_FALSE(reached_at(at(response)));
  EXPECT_EQ(seen(MappingProbe::ended_early), 1u);
  EXPECT_EQ(seen(MappingProbe::expired), 0u);
}

TEST_F(PortMappingTest, a_gateway_inside_a_carrier_maps_to_an_address_that_leads_nowhere) {
  SiteSpec carrier;
  carrier.name = "carrier";
  build({.speaks = MappingProtocol::both}, topology_.add_site(carrier));
  const PcpMapResponse response = map(wish(600));
  EXPECT_EQ(response.result, PcpResult::success);
  EXPECT_EQ(std::to_integer<int>(response.external_ip.ip[0]), 100);  // RFC 6598
  EXPECT_FALSE(reached_at(at(response)));
  EXPECT_EQ(seen(MappingProbe::private_wan), 1u);
}

TEST_F(PortMappingTest, no_lifetime_is_longer_than_the_longest) {
  build({.speaks = MappingProtocol::both, .longest_lifetime = seconds(120)});
  const PcpMapResponse response = map(wish(7200));
  EXPECT_EQ(response.lifetime_s, 120u);
  EXPECT_TRUE(reached_at(at(response)));
  run(seconds(120));
  EXPECT_FALSE(reached_at(at(response)));
  EXPECT_EQ(seen(MappingProbe::lifetime_cut), 1u);
}

TEST_F(PortMappingTest, a_reboot_loses_mappings_begins_the_epoch_anew_and_is_told_to_all) {
  build({.speaks = MappingProtocol::both});
  run(seconds(1000));
  const PcpMapResponse before = map(wish(7200));
  EXPECT_GE(before.epoch_s, 1000u);
  const std::size_t heard = inside_->heard.size();
  network_.reboot(topology_.gateway(site_));
  EXPECT_FALSE(reached_at(at(before)));
  ASSERT_GE(inside_->heard.size(), heard + 2);
  EXPECT_EQ(inside_->to[heard], Address::v4(224, 0, 0, 1, kClientPort));
  EXPECT_EQ(inside_->from[heard], kGateway);
  const auto announced = parse_response(inside_->heard[heard]);
  ASSERT_TRUE(announced);
  EXPECT_EQ(std::get<PcpAnnounceResponse>(*announced).epoch_s, 0u);
  EXPECT_TRUE(
      std::holds_alternative<PmpAddressResponse>(*parse_response(inside_->heard[heard + 1])));
  EXPECT_EQ(seen(MappingProbe::reset), 1u);
  run(seconds(50));
  const PcpMapResponse after = map(wish(7200));
  EXPECT_EQ(after.result, PcpResult::success);
  EXPECT_LT(after.epoch_s, 100u);
  EXPECT_TRUE(reached_at(at(after)));
}

TEST_F(PortMappingTest, a_reboot_keeps_what_is_forwarded_for_ever) {
  build({.speaks = MappingProtocol::both}, {}, /*forwarded=*/true);
  const Address forwarded = *topology_.forwarded_address(inside_->attachment);
  EXPECT_EQ(at(map(wish(60))), forwarded);
  run(seconds(60));
  EXPECT_TRUE(reached_at(forwarded));
  map(wish(60));
  network_.reboot(topology_.gateway(site_));
  EXPECT_TRUE(reached_at(forwarded));
}

TEST_F(PortMappingTest, a_gateway_may_refuse_everybody) {
  build({.speaks = MappingProtocol::both, .conduct = MappingConduct::not_authorized});
  EXPECT_EQ(map(wish(600)).result, PcpResult::not_authorized);
  const auto older = ask(PmpMapRequest{false, kPort, 5000, 60});
  EXPECT_EQ(std::get<PmpMapResponse>(*older).result, PmpResult::not_authorized);
  EXPECT_EQ(seen(MappingProbe::refused), 2u);
}

TEST_F(PortMappingTest, a_gateway_may_have_nothing_left) {
  build({.speaks = MappingProtocol::both, .conduct = MappingConduct::no_resources});
  const PcpMapResponse response = map(wish(600));
  EXPECT_EQ(response.result, PcpResult::no_resources);
  EXPECT_EQ(response.lifetime_s, 30u);
  const auto older = ask(PmpMapRequest{false, kPort, 5000, 60});
  EXPECT_EQ(std::get<PmpMapResponse>(*older).result, PmpResult::out_of_resources);
  EXPECT_EQ(seen(MappingProbe::refused), 2u);
}

TEST_F(PortMappingTest, a_gateway_may_give_another_port_than_was_asked_for) {
  build({.speaks = MappingProtocol::both, .other_port = true});
  const PcpMapResponse response = map(wish(600));
  EXPECT_EQ(response.result, PcpResult::success);
  EXPECT_NE(response.external_port, kPort);
  EXPECT_TRUE(reached_at(at(response)));
  EXPECT_EQ(seen(MappingProbe::other_port), 1u);
}

TEST_F(PortMappingTest, a_port_that_is_taken_is_another_unless_only_that_is_wanted) {
  build({.speaks = MappingProtocol::both});
  Host& neighbour = host(site_);
  ASSERT_TRUE(ask(neighbour, encode(Request(PmpMapRequest{false, kPort, kPort, 600}))));
  PcpMapRequest only = wish(600);
  only.prefer_failure = true;
  EXPECT_EQ(map(only).result, PcpResult::cannot_provide_external);
  const PcpMapResponse response = map(wish(600));
  EXPECT_EQ(response.external_port, kPort + 1);
  EXPECT_TRUE(reached_at(at(response)));
}

TEST_F(PortMappingTest, who_speaks_one_protocol_says_so_to_the_other) {
  build({.speaks = MappingProtocol::nat_pmp});
  const auto older = ask(wish(600));
  ASSERT_TRUE(older);
  EXPECT_EQ(std::get<PmpRefusal>(*older).result, PmpResult::unsupported_version);
  EXPECT_EQ(seen(MappingProbe::unspoken), 1u);
}

TEST_F(PortMappingTest, who_speaks_pcp_alone_says_so_to_nat_pmp) {
  build({.speaks = MappingProtocol::pcp});
  const auto newer = ask(PmpAddressRequest{});
  ASSERT_TRUE(newer);
  EXPECT_EQ(std::get<PcpRefusal>(*newer).result, PcpResult::unsupported_version);
}

TEST_F(PortMappingTest, what_is_no_request_is_refused_by_reason_or_dropped) {
  build({.speaks = MappingProtocol::both});
  Bytes third_party = encode(Request(wish(600)));
  for (const unsigned byte : {1u, 0u, 0u, 4u, 0u, 0u, 0u, 0u}) {
    third_party.push_back(static_cast<std::byte>(byte));
  }
  const auto refused = ask(*inside_, third_party);
  ASSERT_TRUE(refused);
  EXPECT_EQ(std::get<PcpMapResponse>(*refused).result, PcpResult::unsupported_option);
  EXPECT_EQ(seen(MappingProbe::malformed), 1u);
  EXPECT_FALSE(ask(*inside_, Bytes(1)));
  EXPECT_FALSE(ask(*inside_, encode(Response(PcpAnnounceResponse{}))));
  PcpMapRequest foreign = wish(600);
  foreign.client = Address::v4(192, 168, 1, 99, 0);
  EXPECT_EQ(map(foreign).result, PcpResult::address_mismatch);
}

TEST_F(PortMappingTest, there_is_room_for_so_many_mappings) {
  build({.speaks = MappingProtocol::both});
  for (std::uint16_t i = 0; i < 256; ++i) {
    const auto port = static_cast<std::uint16_t>(5000 + i);
    const auto mapped = ask(PmpMapRequest{false, port, port, 3600});
    ASSERT_EQ(std::get<PmpMapResponse>(*mapped).result, PmpResult::success);
  }
  EXPECT_EQ(map(wish(600)).result, PcpResult::no_resources);
}

TEST_F(PortMappingTest, a_mapping_follows_the_gateway_to_another_address) {
  build({.speaks = MappingProtocol::both});
  const Address before = at(map(wish(600)));
  topology_.renumber(site_);
  EXPECT_FALSE(reached_at(before));
  const Address after = at(map(wish(600)));
  EXPECT_NE(before.ip, after.ip);
  EXPECT_TRUE(reached_at(after));
}

TEST_F(PortMappingTest, nobody_outside_is_served) {
  build({.speaks = MappingProtocol::both});
  Address outside = network_.nat(topology_.gateway(site_)).external_ips().front();
  outside.port = kServerPort;
  send(*stranger_, kClientPort, outside, encode(Request(PmpAddressRequest{})));
  run(seconds(1));
  EXPECT_TRUE(stranger_->heard.empty());
}

// --- helpers ------------------------------------------------------------------------------------

void PortMappingTest::build(const PortMappingSpec& spec, std::optional<SiteId> inside_of,
                            bool forwarded) {
  SiteSpec site;
  site.name = "home";
  site.inside_of = inside_of;
  site.port_mapping = spec;
  site_ = topology_.add_site(site);
  inside_ = &host(site_, forwarded);
  stranger_ = &host({});
}

Host& PortMappingTest::host(std::optional<SiteId> site, bool forwarded) {
  Host& host = hosts_.emplace_back();
  host.node = network_.add_node(host);
  AttachmentSpec place{.site = site, .link = {}, .addresses = {}};
  place.forwarded = forwarded;
  host.attachment = topology_.attach(host.node, place);
  return host;
}

void PortMappingTest::send(const Host& from, std::uint16_t port, const Address& to,
                           ByteView bytes) {
  Address source = from.attachment.addresses.front();
  source.port = port;
  network_.send(from.node, source, to, Ecn::not_ect, bytes);
}

std::optional<Response> PortMappingTest::ask(const Host& who, const Bytes& request) {
  const std::size_t before = who.heard.size();
  send(who, kClientPort, kGateway, request);
  run(std::chrono::milliseconds(1));
  if (who.heard.size() == before) return std::nullopt;
  EXPECT_EQ(who.from.back(), kGateway);
  const auto response = parse_response(who.heard.back());
  EXPECT_TRUE(response);
  return response ? std::optional(*response) : std::nullopt;
}

PcpMapResponse PortMappingTest::map(const PcpMapRequest& request) {
  const auto response = ask(request);
  EXPECT_TRUE(response);
  return response ? std::get<PcpMapResponse>(*response) : PcpMapResponse{};
}

PcpMapRequest PortMappingTest::wish(std::uint32_t lifetime_s, std::uint16_t port,
                                    unsigned nonce) const {
  PcpMapRequest request;
  request.client = inside_->attachment.addresses.front();
  request.lifetime_s = lifetime_s;
  request.nonce.fill(static_cast<std::byte>(nonce));
  request.internal_port = kPort;
  request.suggested_port = port;
  return request;
}

bool PortMappingTest::reached_at(const Address& address) {
  const std::size_t before = inside_->heard.size();
  send(*stranger_, kPort, address, as_byte_view("knock"));
  run(std::chrono::milliseconds(1));
  return inside_->heard.size() > before && as_text(inside_->heard.back()) == "knock" &&
         inside_->to.back().port == kPort;
}

}  // namespace
}  // namespace kith::sim
