// What adversaries of scenarios do, and that scenarios which say it wrongly are refused.

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "engine/base/check.h"
#include "sim/adversaries/forge.h"
#include "sim/adversaries/spoofer.h"
#include "sim/checkers/quic_header.h"
#include "sim/scenario/run.h"
#include "sim/scenario/scenario.h"

namespace kith::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// --- datagrams under other addresses ------------------------------------------------------------

struct Host : DatagramSink {
  void on_datagrams(Instant now, const Arrival& arrival) override {
    for_each_datagram(arrival.bytes, arrival.stride, [&](ByteView bytes) {
      got.push_back({now, arrival.remote, to_bytes(bytes)});
    });
  }
  struct Got {
    Instant at;
    Address remote;
    Bytes bytes;
  };
  NodeId node = 0;
  Address address;
  std::vector<Got> got;
};

// Alice and bob in the internet, or on one LAN; no devices.
class SpoofedSources : public ::testing::Test {
 protected:
  void place(std::optional<SiteId> site = {});
  void spoof(const std::vector<Forgery>& sends, std::optional<SiteId> site = {});
  void alice_writes(ByteView bytes);
  // What seems to come from alice, but does not.
  std::vector<Bytes> forged_to_bob() const;
  void run(Duration time) { world_.run_until(world_.now() + time); }
  std::uint64_t fired(Probe probe) { return world_.probes().fired(probe); }

  World world_{7};
  Host alice_, bob_;
  std::vector<Bytes> written_;
  std::unique_ptr<Spoofer> spoofer_;
};

TEST_F(SpoofedSources, nobody_is_spoofed_who_was_not_heard) {
  place();
  spoof({Forgery::random});
  run(seconds(2));
  EXPECT_TRUE(bob_.got.empty());
  EXPECT_TRUE(alice_.got.empty());
  EXPECT_EQ(fired(Probe::spoofed_random), 0u);
}

TEST_F(SpoofedSources, random_bytes_come_under_the_address_of_who_was_heard) {
  place();
  spoof({Forgery::random});
  alice_writes(as_byte_view("hello"));
  run(seconds(2));
  // One at once, and one for each of 10 ticks a second within its second.
  EXPECT_EQ(forged_to_bob().size(), fired(Probe::spoofed_random));
  EXPECT_GE(forged_to_bob().size(), 10u);
  EXPECT_EQ(world_.network().counters().forged, forged_to_bob().size());
  for (const Host::Got& got : bob_.got) EXPECT_EQ(got.remote, alice_.address);
}

TEST_F(SpoofedSources, a_conversation_is_met_at_once) {
  place();
  spoof({Forgery::random});
  alice_writes(as_byte_view("hello"));
  run(milliseconds(1));
  EXPECT_EQ(forged_to_bob().size(), 1u);
}

TEST_F(SpoofedSources, it_is_silent_when_its_time_is_over) {
  place();
  spoof({Forgery::random});
  alice_writes(as_byte_view("hello"));
  run(seconds(2));
  const std::size_t before = bob_.got.size();
  alice_writes(as_byte_view("again"));
  run(seconds(5));
  EXPECT_EQ(bob_.got.size(), before + 1);
}

TEST_F(SpoofedSources, a_replay_is_what_was_written) {
  place();
  spoof({Forgery::replayed});
  alice_writes(as_byte_view("hello"));
  run(seconds(2));
  ASSERT_GT(fired(Probe::spoofed_replay), 0u);
  EXPECT_EQ(bob_.got.size(), 1 + fired(Probe::spoofed_replay));
  for (const Host::Got& got : bob_.got) EXPECT_EQ(got.bytes, to_bytes(as_byte_view("hello")));
}

TEST_F(SpoofedSources, a_version_negotiation_answers_with_the_ids_that_passed) {
  place();
  spoof({Forgery::version_negotiation});
  RandomSource random = world_.random("test");
  const Bytes first = forge::initial(random, world_.now(), alice_.address, bob_.address);
  const auto said = read_long_header(first);
  ASSERT_TRUE(said);
  alice_writes(first);
  run(milliseconds(1));
  ASSERT_EQ(alice_.got.size(), 1u);
  EXPECT_EQ(alice_.got[0].remote, bob_.address);
  const auto answer = read_long_header(alice_.got[0].bytes);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->version, 0u);
  EXPECT_EQ(to_bytes(answer->destination), to_bytes(said->source));
  EXPECT_EQ(to_bytes(answer->source), to_bytes(said->destination));
}

TEST_F(SpoofedSources, a_stateless_reset_has_the_connection_id_and_another_end) {
  place();
  spoof({Forgery::stateless_reset});
  Bytes packet(100, std::byte{0x41});
  alice_writes(packet);
  run(seconds(1));
  ASSERT_FALSE(forged_to_bob().empty());
  for (const Bytes& reset : forged_to_bob()) {
    ASSERT_GE(reset.size(), 21u);
    EXPECT_EQ(reset[0] & std::byte{0xc0}, std::byte{0x40});
    EXPECT_TRUE(std::equal(packet.begin() + 1, packet.begin() + 5, reset.begin() + 1));
    EXPECT_FALSE(std::equal(reset.end() - 16, reset.end(), packet.end() - 16));
  }
}

TEST_F(SpoofedSources, an_initial_begins_a_handshake_of_its_own) {
  place();
  spoof({Forgery::initial});
  alice_writes(as_byte_view("hello"));
  run(milliseconds(350));
  const std::vector<Bytes> forged = forged_to_bob();
  ASSERT_GE(forged.size(), 2u);
  EXPECT_EQ(forged.size(), fired(Probe::spoofed_initial));
  for (const Bytes& bytes : forged) {
    const auto header = read_long_header(bytes);
    ASSERT_TRUE(header);
    EXPECT_EQ(header->type, LongType::initial);
    EXPECT_GE(bytes.size(), 1200u);  // RFC 9000 section 14.1
  }
  EXPECT_NE(forged[0], forged[1]);
}

TEST_F(SpoofedSources, who_is_on_another_network_overhears_nothing) {
  SiteSpec site;
  site.name = "home";
  const SiteId home = world_.topology().add_site(site);
  place(home);
  spoof({Forgery::random});
  alice_writes(as_byte_view("hello"));
  run(seconds(2));
  EXPECT_EQ(bob_.got.size(), 1u);
  spoof({Forgery::random}, home);
  alice_writes(as_byte_view("hello"));
  run(seconds(2));
  EXPECT_GT(bob_.got.size(), 5u);
}

TEST_F(SpoofedSources, a_gateway_lets_nobody_out_who_is_not_inside) {
  SiteSpec site;
  site.name = "home";
  const SiteId home = world_.topology().add_site(site);
  place(home);
  Host carol;
  carol.node = world_.network().add_node(carol);
  carol.address =
      world_.topology().attach(carol.node, {.site = {}, .link = {}, .addresses = {}}).addresses[0];
  carol.address.port = 1000;
  const std::uint64_t lost = world_.network().counters().unroutable;
  world_.network().send_forged(bob_.node, alice_.address, carol.address, as_byte_view("as alice"));
  world_.network().send_forged(bob_.node, carol.address, carol.address, as_byte_view("as carol"));
  run(seconds(1));
  ASSERT_EQ(carol.got.size(), 1u);
  EXPECT_EQ(carol.got[0].bytes, to_bytes(as_byte_view("as alice")));
  EXPECT_EQ(world_.network().counters().unroutable, lost + 1);
}

// --- scenarios ----------------------------------------------------------------------------------

std::string lan_with(const std::string& faults, int paired_within_s = 200);
std::string dht_with(const std::string& faults);
// A device at home and one in the internet, and what the gateway does for who asks.
std::string home_with(const std::string& service, const std::string& faults);
Report run_of(const std::string& text, std::uint64_t seed = 1);
std::string refusal_of(const std::string& fault);
std::string refusal_in(const std::string& text);

TEST(ForgedMdns, each_lie_is_told_and_no_checker_sees_a_violation) {
  const Report report = run_of(lan_with(
      R"({"kind": "forged_mdns", "at_s": 0, "site": "home", "for_s": 20, "every_ms": 200})"));
  for (const char* lie : {"forged_answer", "forged_goodbye", "forged_conflict", "forged_flood"}) {
    EXPECT_GT(report.probes.count(lie), 0u) << lie;
  }
  EXPECT_GT(report.probes.at("network.forged"), 0u);
  EXPECT_TRUE(report.violations.empty());
}

TEST(ForgedMdns, devices_pair_when_the_liar_is_silent) {
  for (const char* lie : {"answer", "goodbye", "conflict"}) {
    const Report report = run_of(lan_with(
        R"({"kind": "forged_mdns", "at_s": 0, "site": "home", "for_s": 20, "every_ms": 200,
            "tells": [")" +
        std::string(lie) + R"("]})"));
    EXPECT_TRUE(report.ok()) << lie << ": " << report.expectations[0].value;
  }
}

TEST(ForgedMdns, one_lie_alone_is_told_alone) {
  const Report report = run_of(lan_with(
      R"({"kind": "forged_mdns", "at_s": 0, "site": "home", "for_s": 20, "every_ms": 200,
          "tells": ["flood"]})"));
  EXPECT_EQ(report.probes.count("forged_answer"), 0u);
  EXPECT_EQ(report.probes.count("forged_goodbye"), 0u);
  EXPECT_EQ(report.probes.count("forged_conflict"), 0u);
  EXPECT_GT(report.probes.count("forged_flood"), 0u);
}

TEST(ForgedMdns, an_impostor_is_dialled_and_not_believed) {
  std::uint64_t dialled = 0;
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    const Report report =
        run_of(lan_with(R"({"kind": "forged_mdns", "at_s": 0, "site": "home", "for_s": 20,
                     "every_ms": 200, "tells": ["answer"], "impostor": true})"),
               seed);
    if (report.probes.contains("impostor_dialled")) dialled += report.probes.at("impostor_dialled");
    EXPECT_EQ(report.probes.count("impostor_believed"), 0u);
    EXPECT_TRUE(report.ok());
  }
  EXPECT_GT(dialled, 0u);
}

TEST(StaleRecords, answers_of_a_lan_are_repeated_after_their_time) {
  const Report report = run_of(lan_with(
      R"({"kind": "stale_records", "at_s": 0, "site": "home", "listen_s": 10, "for_s": 10,
          "every_ms": 500})"));
  EXPECT_EQ(report.probes.at("stale_answer"), 20u);
  EXPECT_TRUE(report.ok());
}

TEST(StaleRecords, who_looks_in_the_dht_is_answered_with_what_was_true_once) {
  const Report report = run_of(dht_with(
      R"({"kind": "stale_records", "at_s": 0, "listen_s": 100, "for_s": 60},
         {"kind": "gateway", "at_s": 90, "site": "home", "does": "renumber"})"));
  EXPECT_GT(report.probes.count("stale_item"), 0u);
  EXPECT_TRUE(report.ok()) << report.expectations[1].value;
}

// Its records live for 75 minutes, and half of them are under the addresses of the two.
TEST(ForgedMdns, devices_pair_soon_after_a_flood_and_forged_conflicts_have_ended) {
  for (const char* tells : {R"(["flood"])", R"(["conflict"])", R"(["flood", "conflict"])"}) {
    for (const std::uint64_t seed : {1u, 2u, 3u}) {
      const Report report =
          run_of(lan_with(fmt::format(R"({{"kind": "forged_mdns", "at_s": 0, "site": "home",
                                           "for_s": 30, "every_ms": 100, "tells": {}}})",
                                      tells),
                          /*paired_within_s=*/45),
                 seed);
      EXPECT_TRUE(report.ok()) << tells << " " << seed << ": " << report.expectations[0].value;
    }
  }
}

TEST(ForgedMdns, devices_pair_during_a_flood) {
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    const Report report =
        run_of(lan_with(R"({"kind": "forged_mdns", "at_s": 0, "site": "home", "for_s": 200,
                     "every_ms": 200, "tells": ["flood"]})"),
               seed);
    EXPECT_TRUE(report.ok()) << seed << ": " << report.expectations[0].value;
  }
}

TEST(DhtSybils, who_looks_for_the_device_asks_them_and_finds_no_wrong_one) {
  const Report report = run_of(dht_with(
      R"({"kind": "dht_sybils", "at_s": 50, "for_s": 300, "device": "desk"},
         {"kind": "gateway", "at_s": 90, "site": "home", "does": "renumber"})"));
  for (const char* probe : {"sybil.introduced", "sybil.asked", "sybil.puts"}) {
    EXPECT_GT(report.probes.count(probe), 0u) << probe;
  }
  EXPECT_TRUE(report.violations.empty());
}

TEST(DhtSybils, around_nobodys_place_nobody_asks_for_what_is_there) {
  const Report report = run_of(dht_with(
      R"({"kind": "dht_sybils", "at_s": 5, "for_s": 395, "count": 50},
         {"kind": "gateway", "at_s": 90, "site": "home", "does": "renumber"})"));
  EXPECT_GT(report.probes.at("sybil.asked"), 0u);
  EXPECT_EQ(report.probes.count("sybil.gets"), 0u);
  EXPECT_EQ(report.probes.count("sybil.puts"), 0u);
  EXPECT_TRUE(report.violations.empty());
}

TEST(DhtSybils, only_those_who_forge_do) {
  const Report report = run_of(dht_with(
      R"({"kind": "dht_sybils", "at_s": 10, "for_s": 390, "device": "desk",
          "manners": ["replay"]},
         {"kind": "gateway", "at_s": 90, "site": "home", "does": "renumber"})"));
  EXPECT_GT(report.probes.count("sybil.replayed"), 0u);
  EXPECT_EQ(report.probes.count("sybil.forged"), 0u);
}

TEST(DhtSybils, they_are_silent_when_their_time_is_over) {
  const auto asked = [](int for_s) {
    const Report report = run_of(dht_with(
        fmt::format(R"({{"kind": "dht_sybils", "at_s": 5, "for_s": {}, "count": 20}})", for_s)));
    return report.probes.at("sybil.introduced");
  };
  const std::uint64_t short_time = asked(1);
  EXPECT_LE(short_time, 200u);  // as many visits as a second has
  EXPECT_GT(asked(60), short_time);
}

TEST(GrabbedPorts, a_gateway_makes_and_ends_what_it_is_asked_for) {
  const Report report = run_of(home_with(R"({"speaks": "both", "longest_lifetime_s": 20})",
                                         R"({"kind": "grabbed_ports", "at_s": 0, "site": "home",
                                             "for_s": 100, "every_ms": 100},
                                            {"kind": "gateway", "at_s": 50, "site": "home",
                                             "does": "reboot"})"));
  for (const char* probe : {"mapped", "renewed", "deleted", "expired", "lifetime_cut", "reset",
                            "malformed", "unspoken"}) {
    EXPECT_GT(report.probes.count("port_mapping." + std::string(probe)), 0u) << probe;
  }
  EXPECT_EQ(report.probes.at("grabbed_port"), 999u);
  EXPECT_TRUE(report.ok()) << report.expectations[0].value;
}

TEST(GrabbedPorts, a_gateway_refuses_lies_or_gives_less_as_it_is_said_to) {
  const auto probes_of = [](const char* service) {
    return run_of(home_with(service, R"({"kind": "grabbed_ports", "at_s": 0, "site": "home",
                                         "for_s": 100, "every_ms": 100})"))
        .probes;
  };
  EXPECT_TRUE(probes_of(R"({"speaks": "pcp", "conduct": "lies"})").contains("port_mapping.lied"));
  EXPECT_TRUE(probes_of(R"({"speaks": "nat_pmp", "conduct": "not_authorized"})")
                  .contains("port_mapping.refused"));
  const auto early = probes_of(R"({"speaks": "both", "ends_after_s": 1, "other_port": true})");
  EXPECT_TRUE(early.contains("port_mapping.ended_early"));
  EXPECT_TRUE(early.contains("port_mapping.other_port"));
  const auto none = probes_of(R"({"speaks": "none"})");
  EXPECT_TRUE(none.contains("grabbed_port"));
  EXPECT_TRUE(std::none_of(none.begin(), none.end(), [](const auto& probe) {
    return probe.first.starts_with("port_mapping.");
  }));
}

TEST(Adversaries, equal_seeds_give_equal_runs) {
  const std::string text = lan_with(
      R"({"kind": "forged_mdns", "at_s": 0, "site": "home", "for_s": 20, "every_ms": 200,
          "impostor": true},
         {"kind": "spoofed_sources", "at_s": 0, "site": "home", "for_s": 20, "every_ms": 50})");
  EXPECT_EQ(run_of(text, 3).trace_hash, run_of(text, 3).trace_hash);
  EXPECT_NE(run_of(text, 3).trace_hash, run_of(text, 4).trace_hash);
}

struct Refused {
  const char* fault;
  const char* reason;
};
void PrintTo(const Refused& refused, std::ostream* out) { *out << refused.reason; }

class RefusedAdversary : public ::testing::TestWithParam<Refused> {};

TEST_P(RefusedAdversary, names_place_and_reason) {
  EXPECT_THAT(refusal_of(GetParam().fault), HasSubstr(GetParam().reason));
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, RefusedAdversary,
    ::testing::Values(
        Refused{R"("kind": "spoofed_sources", "for_s": 1, "every_ms": 10, "site": "nowhere")",
                "$.faults[0].site: no site is named \"nowhere\""},
        Refused{R"("kind": "spoofed_sources", "every_ms": 10)",
                "$.faults[0]: the key \"for_s\" is missing"},
        Refused{R"("kind": "spoofed_sources", "for_s": 0, "every_ms": 10)",
                "$.faults[0].for_s: must be above 0"},
        Refused{R"("kind": "spoofed_sources", "for_s": 1, "every_ms": 0.5)",
                "$.faults[0].every_ms: must be at least 1"},
        Refused{R"("kind": "spoofed_sources", "for_s": 1, "every_ms": 60001)",
                "$.faults[0].every_ms: must be"},
        Refused{R"("kind": "spoofed_sources", "for_s": 1, "every_ms": 10, "sends": [])",
                "$.faults[0].sends: "},
        Refused{R"("kind": "spoofed_sources", "for_s": 1, "every_ms": 10, "sends": ["lies"])",
                "$.faults[0].sends[0]: must be one of: random, replayed, version_negotiation, "
                "stateless_reset, initial; not \"lies\""},
        Refused{
            R"("kind": "spoofed_sources", "for_s": 1, "every_ms": 10,
                   "sends": ["initial", "initial"])",
            "$.faults[0].sends[1]: stands there twice"},
        Refused{R"("kind": "spoofed_sources", "for_s": 1, "every_ms": 10, "victims": [])",
                "$.faults[0].victims: unknown key"},
        Refused{R"("kind": "forged_mdns", "for_s": 1, "every_ms": 10)",
                "$.faults[0]: the key \"site\" is missing"},
        Refused{R"("kind": "forged_mdns", "for_s": 1, "every_ms": 10, "site": "home",
                   "tells": ["truth"])",
                "$.faults[0].tells[0]: must be one of: answer, goodbye, conflict, flood; not "
                "\"truth\""},
        Refused{R"("kind": "forged_mdns", "for_s": 1, "every_ms": 10, "site": "home",
                   "impostor": 1)",
                "$.faults[0].impostor"},
        Refused{R"("kind": "grabbed_ports", "for_s": 1, "every_ms": 10)",
                "$.faults[0]: the key \"site\" is missing"},
        Refused{R"("kind": "grabbed_ports", "for_s": 1, "every_ms": 10, "site": "home", "by": 1)",
                "$.faults[0].by: unknown key"},
        Refused{R"("kind": "dht_sybils", "for_s": 1)",
                "$.faults[0].kind: no device takes part in the DHT"},
        Refused{R"("kind": "stale_records", "for_s": 1)",
                "$.faults[0]: the key \"listen_s\" is missing"},
        Refused{R"("kind": "stale_records", "for_s": 1, "listen_s": 1, "every_ms": 10)",
                "$.faults[0].every_ms: unknown key"},
        Refused{R"("kind": "stale_records", "for_s": 1, "listen_s": 1, "site": "home")",
                "$.faults[0]: the key \"every_ms\" is missing"}));

class RefusedSybils : public ::testing::TestWithParam<Refused> {};

TEST_P(RefusedSybils, names_place_and_reason) {
  const std::string text =
      dht_with(R"({"at_s": 0, "kind": "dht_sybils", )" + std::string(GetParam().fault) + "}");
  EXPECT_THAT(refusal_in(text), HasSubstr(GetParam().reason));
}

INSTANTIATE_TEST_SUITE_P(
    Keys, RefusedSybils,
    ::testing::Values(
        Refused{R"("device": "desk")", "$.faults[0]: the key \"for_s\" is missing"},
        Refused{R"("for_s": 0)", "$.faults[0].for_s: must be above 0"},
        Refused{R"("for_s": 1, "device": "nobody")",
                "$.faults[0].device: no device is named \"nobody\""},
        Refused{R"("for_s": 1, "device": "bystander")",
                "$.faults[0].device: does not take part in the DHT"},
        Refused{R"("for_s": 1, "count": 0)", "$.faults[0].count: must be"},
        Refused{R"("for_s": 1, "count": 1001)", "$.faults[0].count: must be"},
        Refused{R"("for_s": 1, "manners": ["good"])",
                "$.faults[0].manners[0]: must be one of: silent, deny, drop, replay, forge; not "
                "\"good\""},
        Refused{R"("for_s": 1, "manners": ["deny", "deny"])",
                "$.faults[0].manners[1]: stands there twice"},
        Refused{R"("for_s": 1, "site": "home")", "$.faults[0].site: unknown key"}));

// --- helpers ------------------------------------------------------------------------------------

void SpoofedSources::place(std::optional<SiteId> site) {
  std::uint16_t port = 1000;
  for (Host* host : {&alice_, &bob_}) {
    host->node = world_.network().add_node(*host);
    const Attachment there =
        world_.topology().attach(host->node, {.site = site, .link = {}, .addresses = {}});
    host->address = there.addresses.front();
    host->address.port = ++port;
  }
}

void SpoofedSources::spoof(const std::vector<Forgery>& sends, std::optional<SiteId> site) {
  spoofer_ =
      std::make_unique<Spoofer>(world_, SpooferSpec{site, seconds(1), milliseconds(100), sends}, 0);
}

void SpoofedSources::alice_writes(ByteView bytes) {
  written_.push_back(to_bytes(bytes));
  world_.network().send(alice_.node, alice_.address, bob_.address, Ecn::not_ect, bytes);
}

std::vector<Bytes> SpoofedSources::forged_to_bob() const {
  std::vector<Bytes> forged;
  for (const Host::Got& got : bob_.got) {
    if (std::find(written_.begin(), written_.end(), got.bytes) == written_.end()) {
      forged.push_back(got.bytes);
    }
  }
  return forged;
}

std::string lan_with(const std::string& faults, int paired_within_s) {
  return R"({"version": 1, "duration_s": 200,
    "topology": {
      "sites": [{"name": "home", "nat": "home"}],
      "devices": [
        {"name": "desk", "networks": [{"site": "home"}], "discovery": {"mdns": true}},
        {"name": "laptop", "networks": [{"site": "home"}], "discovery": {"mdns": true}}]},
    "workload": [
      {"kind": "pair", "at_s": 3, "initiator": "desk", "joiner": "laptop", "retry_s": 5}],
    "faults": [)" +
         faults + R"(],
    "expectations": [{"kind": "all_paired", "within_s": )" +
         std::to_string(paired_within_s) + R"(}, {"kind": "no_violations"}]})";
}

std::string dht_with(const std::string& faults) {
  std::string servers;
  for (const char* ip : {"31", "32", "33", "34"}) {
    servers += std::string(R"(, {"name": "server-)") + ip +
               R"(", "networks": [{"internet": true, "addresses": [")" + ip + R"(.1.1.1"]}],
        "discovery": {"dht": true, "dht_port": 6881, "bootstrap": ["server-31:6881"]}})";
  }
  return R"({"version": 1, "duration_s": 400,
    "topology": {
      "sites": [{"name": "home", "nat": "home", "line": {"delay_ms": 10}}],
      "devices": [
        {"name": "desk", "networks": [{"site": "home", "forwarded": true}],
         "discovery": {"dht": true, "bootstrap": ["server-31:6881"]}},
        {"name": "laptop", "networks": [{"internet": true, "link": {"delay_ms": 20}}],
         "discovery": {"dht": true, "bootstrap": ["server-31:6881"]}},
        {"name": "bystander", "networks": [{"site": "home"}]})" +
         servers + R"(]},
    "workload": [
      {"kind": "pair", "at_s": 20, "initiator": "desk", "joiner": "laptop", "retry_s": 5},
      {"kind": "message", "name": "note", "at_s": 105, "from": "laptop", "to": "desk"}],
    "faults": [)" +
         faults + R"(],
    "expectations": [{"kind": "all_paired", "within_s": 90},
                     {"kind": "messages_delivered", "messages": "note", "within_s": 390},
                     {"kind": "no_violations"}]})";
}

std::string home_with(const std::string& service, const std::string& faults) {
  return R"({"version": 1, "duration_s": 200,
    "topology": {
      "sites": [{"name": "home", "nat": "home", "line": {"delay_ms": 10}, "port_mapping": )" +
         service + R"(}],
      "devices": [{"name": "desk", "networks": [{"site": "home"}]},
                  {"name": "far", "networks": [{"internet": true, "link": {"delay_ms": 10}}]}]},
    "workload": [
      {"kind": "pair", "at_s": 3, "initiator": "far", "joiner": "desk", "retry_s": 5},
      {"kind": "message", "name": "notes", "at_s": 20, "from": "desk", "to": "far", "count": 50,
       "every_ms": 1000}],
    "faults": [)" +
         faults + R"(],
    "expectations": [{"kind": "messages_delivered", "messages": "notes", "within_s": 190},
                     {"kind": "no_violations"}]})";
}

Scenario must_parse(const std::string& text, std::uint64_t seed) {
  Result<Scenario> scenario = parse_scenario("test.json", text, built_in_handlers(), seed);
  KITH_CHECK_MSG(scenario.has_value(), "{}", scenario.error().message);
  return *std::move(scenario);
}

Report run_of(const std::string& text, std::uint64_t seed) {
  const Scenario scenario = must_parse(text, seed);
  return Run(scenario, seed).execute();
}

std::string refusal_of(const std::string& fault) {
  const std::string text = lan_with(R"({"at_s": 0, )" + fault + "}");
  return refusal_in(text);
}

std::string refusal_in(const std::string& text) {
  const auto scenario = parse_scenario("test.json", text, built_in_handlers(), 1);
  return scenario ? "accepted" : scenario.error().message;
}

}  // namespace
}  // namespace kith::sim
