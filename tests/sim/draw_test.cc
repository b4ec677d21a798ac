// What a seed makes of a scenario.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "sim/draw/chaos.h"
#include "sim/draw/expand.h"
#include "sim/scenario/scenario.h"
#include "sim/swarm/draw_swarm.h"
#include "sim/world/reachability.h"
#include "sim/world/world.h"

namespace kith::sim {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

json small_population();
std::string refusal_of(const json& document);
std::vector<Attachment> attach_all(World& world, const TopologySpec& topology);

TEST(Draw, one_seed_gives_one_document_and_another_seed_another) {
  const json document = draw_swarm(5, 20);
  EXPECT_EQ(expand("x.json", document, 5), expand("x.json", document, 5));
  EXPECT_NE(expand("x.json", document, 5), expand("x.json", document, 6));
  EXPECT_NE(draw_swarm(5, 20), draw_swarm(6, 20));
}

TEST(Draw, what_comes_out_is_explicit_and_stays_as_it_is) {
  const json drawn = draw_swarm(7, 20);
  const json explicit_one = expand("x.json", drawn, 7);
  EXPECT_FALSE(is_drawn(explicit_one));
  EXPECT_EQ(expand("x.json", explicit_one, 8), explicit_one);
  EXPECT_EQ(explicit_one["topology"]["devices"].size(),
            20u + drawn["population"].value("dht_servers", 0u));
  EXPECT_GE(explicit_one["workload"].size(), 10u);
}

TEST(Draw, every_swarm_is_a_scenario_with_its_faults_in_order) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    const json document = expand("x.json", draw_swarm(seed, 6), seed);
    const auto read = parse_scenario("x.json", document.dump(), built_in_handlers(), seed);
    ASSERT_TRUE(read) << "seed " << seed << ": " << read.error().message;
    for (std::size_t i = 1; i < read->faults.size(); ++i) {
      ASSERT_LE(read->faults[i - 1].at, read->faults[i].at) << "seed " << seed;
    }
  }
}

TEST(Draw, chaos_is_over_at_its_end_and_leaves_every_line_as_it_was) {
  json document = small_population();
  document["chaos"] = {{"from_s", 10}, {"to_s", 100}, {"longest_s", 20}};
  for (const std::string_view kind : chaos_kinds()) document["chaos"][std::string(kind)] = 8u;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const json drawn = expand("x.json", document, seed);
    const auto read = parse_scenario("x.json", drawn.dump(), built_in_handlers(), seed);
    ASSERT_TRUE(read) << read.error().message;
    ASSERT_FALSE(read->faults.empty());
    std::vector<MemberSpec> lines;
    for (const SiteSpec& site : read->topology.sites) lines.push_back(site.line);
    for (const Fault& fault : read->faults) {
      EXPECT_GE(fault.at, std::chrono::seconds(10));
      EXPECT_LE(fault.at, std::chrono::seconds(100));
      if (const auto* crash = std::get_if<CrashAtEffectFault>(&fault.what)) {
        EXPECT_EQ(fault.at + crash->waiting + *crash->crash.down, std::chrono::seconds(100));
      }
      if (const auto* error = std::get_if<DiskErrorFault>(&fault.what)) {
        EXPECT_EQ(fault.at + error->lasting, std::chrono::seconds(100));
      }
      if (const auto* error = std::get_if<StoreErrorFault>(&fault.what)) {
        EXPECT_EQ(fault.at + error->lasting, std::chrono::seconds(100));
      }
      if (const auto* line = std::get_if<LineFault>(&fault.what)) {
        lines[line->site].up = line->up;
        lines[line->site].down = line->down;
      }
    }
    for (std::size_t i = 0; i < lines.size(); ++i) {
      EXPECT_EQ(lines[i].up, read->topology.sites[i].line.up) << "seed " << seed;
      EXPECT_EQ(lines[i].down, read->topology.sites[i].line.down) << "seed " << seed;
    }
  }
}

TEST(Draw, lines_that_are_healed_harm_nothing_from_then_on) {
  json document = small_population();
  document["population"]["line"] = {{"loss_percent", 3u},
                                    {"corrupt_percent", 1u},
                                    {"delay_ms", 7u},
                                    {"rate_mbps", 9u},
                                    {"back", {{"replay_percent", 2u}, {"replay_delay_s", 9u}}}};
  document["chaos"] = {{"from_s", 10u}, {"to_s", 100u}, {"heals_lines", true}};
  for (const char* kind : {"bad_lines", "blackouts", "clogs", "roams"}) {
    document["chaos"][kind] = 20u;
  }
  const auto read =
      parse_scenario("x.json", expand("x.json", document, 3).dump(), built_in_handlers(), 3);
  ASSERT_TRUE(read) << read.error().message;
  std::vector<MemberSpec> lines;
  for (const SiteSpec& site : read->topology.sites) lines.push_back(site.line);
  for (const Fault& fault : read->faults) {
    const auto* line = std::get_if<LineFault>(&fault.what);
    if (line != nullptr) lines[line->site] = {line->up, line->down};
  }
  std::size_t homes = 0;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (!read->topology.sites[i].name.starts_with("site-of-")) continue;
    ++homes;
    for (const LinkSpec& link : {lines[i].up, lines[i].down}) {
      EXPECT_TRUE(link.up);
      EXPECT_EQ(link.loss.value + link.corrupt.value + link.replay.value + link.reorder.value +
                    link.duplicate.value + link.truncate.value + link.burst_begin.value,
                0u);
      EXPECT_EQ(link.delay, std::chrono::milliseconds(7));
      EXPECT_EQ(link.rate_bps, 9'000'000u);
    }
  }
  EXPECT_GT(homes, 20u);
}

TEST(Draw, one_of_each_pair_can_be_reached) {
  const json drawn = expand("x.json", small_population(), 3);
  std::map<std::string, json> networks;
  for (const json& device : drawn["topology"]["devices"]) {
    networks[device["name"]] = device["networks"][0];
  }
  ASSERT_EQ(networks.size(), 100u);
  for (int i = 0; i < 50; ++i) {
    const json& one = networks["device-" + std::to_string(2 * i)];
    const json& other = networks["device-" + std::to_string(2 * i + 1)];
    const bool same_site = one.contains("site") && one["site"] == other.value("site", "");
    EXPECT_TRUE(same_site || other.contains("internet") || other.value("forwarded", false)) << i;
  }
}

TEST(Draw, with_servers_of_a_dht_everybody_else_finds_others_by_himself) {
  json document = small_population();
  document["population"]["dht_servers"] = 6u;
  const json devices = expand("x.json", document, 3)["topology"]["devices"];
  ASSERT_EQ(devices.size(), 106u);
  std::set<std::string> networks;
  for (std::size_t i = 0; i < devices.size(); ++i) {
    const json& discovery = devices[i]["discovery"];
    EXPECT_TRUE(discovery["dht"].get<bool>());
    EXPECT_EQ(discovery["bootstrap"].size(), 3u);
    EXPECT_EQ(discovery["mdns"].get<bool>(), i < 100) << i;
    EXPECT_EQ(discovery.contains("dht_port"), i >= 100) << i;
    if (i >= 100) networks.insert(devices[i]["networks"][0]["addresses"][0]);
  }
  EXPECT_EQ(networks.size(), 6u);
  const auto read =
      parse_scenario("x.json", expand("x.json", document, 3).dump(), built_in_handlers(), 3);
  EXPECT_TRUE(read) << read.error().message;
}

TEST(Draw, gateways_that_make_forwards_change_nothing_else) {
  json document = small_population();
  const json without = expand("x.json", document, 3);
  document["population"]["port_mapping_percent"] = 100u;
  json with = expand("x.json", document, 3);
  const auto read = parse_scenario("x.json", with.dump(), built_in_handlers(), 3);
  ASSERT_TRUE(read) << read.error().message;
  std::set<std::string> conducts;
  for (json& site : with["topology"]["sites"]) {
    if (!site["name"].get<std::string>().starts_with("site-of-")) continue;
    ASSERT_TRUE(site.contains("port_mapping"));
    conducts.insert(site["port_mapping"]["conduct"]);
    site.erase("port_mapping");
  }
  EXPECT_EQ(conducts.size(), 4u);
  EXPECT_EQ(with["topology"], without["topology"]);
}

TEST(Draw, who_is_mobile_has_a_second_network_that_lets_him_out) {
  json document = small_population();
  document["population"]["access"] = "any";
  document["population"]["mobile_percent"] = 100u;
  const json drawn = expand("x.json", document, 3);
  const auto read = parse_scenario("x.json", drawn.dump(), built_in_handlers(), 3);
  ASSERT_TRUE(read) << read.error().message;
  std::size_t mobile = 0;
  for (std::size_t i = 0; i < read->topology.devices.size(); ++i) {
    const auto& networks = read->topology.devices[i].attachments;
    if (networks.size() == 1) continue;
    ASSERT_EQ(networks.size(), 2u);
    EXPECT_EQ(i % 2, 0u);
    ++mobile;
    for (auto site = networks[1].site; site; site = read->topology.sites[*site].inside_of) {
      EXPECT_FALSE(read->topology.sites[*site].nat.udp_blocked);
    }
  }
  EXPECT_GT(mobile, 20u);
}

TEST(Draw, what_is_sent_is_a_file_or_a_tree_of_as_many_as_was_said) {
  json document = small_population();
  document["activity"] = {{"send_bytes", 100'000'000u}, {"send_files", 10u}};
  const json workload = expand("x.json", document, 3)["workload"];
  std::size_t trees = 0;
  for (const json& step : workload) {
    if (step["kind"] != "send") continue;
    ++trees;
    EXPECT_EQ(step["content"]["files"], 10u);
    EXPECT_EQ(step["content"]["most_bytes"], 400'000u);
  }
  EXPECT_EQ(trees, 50u);
}

TEST(Draw, what_makes_no_sense_is_refused_by_place) {
  json document = small_population();
  document["population"]["acces"] = "any";
  EXPECT_THAT(refusal_of(document), StartsWith("x.json: $.population.acces: unknown key"));
  document = small_population();
  document["population"]["access"] = "all";
  EXPECT_THAT(refusal_of(document),
              AllOf(StartsWith("x.json: $.population.access: "), HasSubstr("reference, any")));
  document = small_population();
  document["population"]["dht_servers"] = 3u;
  EXPECT_THAT(refusal_of(document), StartsWith("x.json: $.population.dht_servers: "));
  document = small_population();
  document["chaos"] = {{"to_s", 10}, {"crashes", -1}};
  EXPECT_THAT(refusal_of(document), StartsWith("x.json: $.chaos"));
  document = small_population();
  document["topology"] = {{"devices", json::array()}};
  EXPECT_THAT(refusal_of(document), StartsWith("x.json: $.topology: must be left out"));
}

TEST(Draw, an_unknown_kind_of_gateway_is_refused_by_place) {
  json document = expand("x.json", small_population(), 1);
  document["topology"]["sites"][0]["nat"] = "hom";
  EXPECT_THAT(refusal_of(document),
              AllOf(StartsWith("x.json: $.topology.sites[0].nat: no such kind of NAT: \"hom\""),
                    HasSubstr("symmetric")));
  document["topology"]["sites"][0]["nat"] = {{"mapping", "endpoint"}};
  EXPECT_THAT(refusal_of(document), StartsWith("x.json: $.topology.sites[0].nat.mapping: "));
}

TEST(Draw, one_of_each_pair_can_be_dialled_as_the_oracle_sees_it) {
  for (const char* access : {"reference", "any"}) {
    json document = small_population();
    document["population"]["access"] = access;
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
      const json drawn = expand("x.json", document, seed);
      const auto read = parse_scenario("x.json", drawn.dump(), built_in_handlers(), seed);
      ASSERT_TRUE(read) << read.error().message;
      World world(seed);
      const std::vector<Attachment> places = attach_all(world, read->topology);
      for (std::size_t i = 0; i + 1 < places.size(); i += 2) {
        const Reachability found = can_be_direct(world.topology(), places[i], places[i + 1]);
        EXPECT_EQ(found.how, Directness::dial) << "seed " << seed << ": " << found.reason;
      }
    }
  }
}

TEST(Draw, a_port_mapping_service_is_read_and_what_makes_no_sense_is_refused_by_place) {
  json document = expand("x.json", small_population(), 1);
  json& service = document["topology"]["sites"][0]["port_mapping"];
  service = {{"speaks", "pcp"},
             {"conduct", "works"},
             {"longest_lifetime_s", 120},
             {"ends_after_s", 60.5},
             {"other_port", true}};
  const auto read = parse_scenario("x.json", document.dump(), built_in_handlers(), 1);
  ASSERT_TRUE(read) << read.error().message;
  const PortMappingSpec expected{MappingProtocol::pcp, MappingConduct::works,
                                 std::chrono::seconds(120), std::chrono::milliseconds(60'500),
                                 true};
  EXPECT_EQ(read->topology.sites[0].port_mapping, expected);

  const std::string place = "x.json: $.topology.sites[0].port_mapping";
  service = {{"speaks", "upnp"}};
  EXPECT_THAT(refusal_of(document), AllOf(StartsWith(place + ".speaks: "), HasSubstr("nat_pmp")));
  service = {{"conduct", "works"}};
  EXPECT_THAT(refusal_of(document), StartsWith(place));
  service = {{"speaks", "both"}, {"lies", true}};
  EXPECT_THAT(refusal_of(document), StartsWith(place + ".lies: unknown key"));
  service = {{"speaks", "both"}, {"conduct", "lies"}, {"other_port", true}};
  EXPECT_THAT(refusal_of(document), StartsWith(place + ": mappings that are not made"));
  service = {{"speaks", "both"}, {"longest_lifetime_s", 60}, {"ends_after_s", 60}};
  EXPECT_THAT(refusal_of(document), StartsWith(place + ": "));
  service = {{"speaks", "both"}, {"longest_lifetime_s", 0.5}};
  EXPECT_THAT(refusal_of(document), StartsWith(place + ": the longest lifetime"));
}

// --- helpers ------------------------------------------------------------------------------------

json small_population() {
  return {{"version", 1u},
          {"duration_s", 120},
          {"population", {{"pairs", 50u}, {"line", {{"loss_percent", 1}}}}},
          {"activity", {{"messages", 1u}}},
          {"expectations", json::array({{{"kind", "no_violations"}}})}};
}

// The first of each device's.
std::vector<Attachment> attach_all(World& world, const TopologySpec& topology) {
  for (const SiteSpec& site : topology.sites) world.topology().add_site(site);
  std::vector<Attachment> places;
  for (const DeviceSpec& device : topology.devices) {
    places.push_back(world.add_device(device).attachment(0));
  }
  return places;
}

std::string refusal_of(const json& document) {
  const auto read = parse_scenario("x.json", document.dump(), built_in_handlers(), 1);
  return read ? "" : read.error().message;
}

}  // namespace
}  // namespace kith::sim
