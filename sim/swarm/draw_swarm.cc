#include "sim/swarm/draw_swarm.h"

#include <array>
#include <nlohmann/json.hpp>

#include "sim/draw/chaos.h"
#include "sim/scenario/scenario.h"
#include "sim/world/world.h"

namespace kith::sim {
namespace {

using nlohmann::json;

// Virtual seconds.
constexpr std::uint64_t kTroubleBegins = 5;
constexpr std::uint64_t kTroubleEnds = 120;
constexpr std::uint64_t kEnd = 420;

// Zero every other time.
std::uint64_t often_zero(RandomSource& random, std::uint64_t most) {
  const std::uint64_t drawn = 1 + random.below(most);
  return random.chance(1, 2) ? 0 : drawn;
}

json draw_line(RandomSource& random) {
  json line = json::object();
  line["loss_percent"] = often_zero(random, 8);
  line["jitter_ms"] = often_zero(random, 30);
  line["duplicate_percent"] = often_zero(random, 3);
  line["corrupt_percent"] = often_zero(random, 2);
  line["truncate_percent"] = often_zero(random, 2);
  line["reorder_percent"] = often_zero(random, 10);
  line["reorder_delay_ms"] = 1 + random.below(50);
  line["replay_percent"] = often_zero(random, 2);
  line["replay_delay_s"] = 1 + random.below(60);
  line["burst_begin_percent"] = often_zero(random, 2);
  line["burst_ms"] = 10 + random.below(500);
  line["bleach_ecn"] = random.chance(1, 4);
  if (random.chance(1, 2)) line["rate_mbps"] = 1 + random.below(100);
  if (random.chance(1, 4)) line["queue_bytes"] = 4'096 << random.below(10);
  if (random.chance(1, 8)) line["police_mbps"] = 2 + random.below(50);
  return line;
}

// Each way between two has a latency of its own.
json draw_regions(RandomSource& random) {
  constexpr std::array<std::string_view, 3> kNames = {"near", "far", "remote"};
  constexpr std::uint64_t kLongestMs = 200;
  json latencies = json::array();
  for (std::size_t row = 0; row < kNames.size(); ++row) {
    json to = json::array();
    for (std::size_t column = 0; column < kNames.size(); ++column) {
      to.push_back(row == column ? 1 : 1 + random.below(kLongestMs));
    }
    latencies.push_back(to);
  }
  return {{"names", kNames}, {"latency_ms", latencies}};
}

json draw_chaos_counts(RandomSource& random, std::uint64_t devices) {
  json chaos{
      {"from_s", kTroubleBegins}, {"to_s", kTroubleEnds}, {"longest_s", 30}, {"heals_lines", true}};
  for (const std::string_view kind : chaos_kinds()) {
    chaos[std::string(kind)] = often_zero(random, devices / 2);
  }
  return chaos;
}

}  // namespace

json draw_swarm(std::uint64_t seed, std::uint64_t devices) {
  RandomSource random = source_of_seed(seed).fork("swarm");
  const std::uint64_t messages = often_zero(random, 20);
  constexpr std::uint64_t kMostBytesEach = 2'000'000;
  const std::uint64_t send_bytes = often_zero(random, kMostBytesEach * devices / 2);
  json expectations = json::array({{{"kind", "all_paired"}, {"within_s", kEnd}}});
  if (messages > 0)
    expectations.push_back({{"kind", "all_messages_delivered"}, {"within_s", kEnd}});
  if (send_bytes > 0) {
    expectations.push_back({{"kind", "all_transfers_completed"}, {"within_s", kEnd}});
  }
  expectations.push_back({{"kind", "no_violations"}});
  constexpr std::array<std::uint64_t, 4> kSameLan = {0, 30, 30, 100};
  json document{{"version", kScenarioVersion}, {"duration_s", kEnd}};
  document["population"] = {{"pairs", devices / 2},
                            {"access", random.chance(1, 2) ? "any" : "reference"},
                            {"same_lan_percent", kSameLan[random.below(kSameLan.size())]},
                            {"line", draw_line(random)}};
  constexpr std::array<std::uint64_t, 3> kPortMapping = {0, 50, 100};
  RandomSource services = random.fork("services");
  document["population"]["port_mapping_percent"] = kPortMapping[services.below(3)];
  // Every fourth world finds its devices by itself.
  if (random.fork("discovery").chance(1, 4)) document["population"]["dht_servers"] = 5u;
  RandomSource places = random.fork("places");
  constexpr std::array<std::uint64_t, 3> kMobile = {0, 0, 50};
  document["population"]["mobile_percent"] = kMobile[places.below(kMobile.size())];
  if (places.chance(1, 3)) document["population"]["regions"] = draw_regions(places);
  RandomSource trees = random.fork("trees");
  const std::uint64_t most_files = 2 + trees.below(30);
  const std::uint64_t send_files = trees.chance(1, 3) ? most_files : 1;
  document["activity"] = {{"pair_from_s", 1},
                          {"pair_to_s", 1 + random.below(60)},
                          {"act_from_s", 2},
                          {"act_to_s", 2 + random.below(110)},
                          {"messages", messages},
                          {"every_ms", 1 + random.below(3'000)},
                          {"body_bytes", often_zero(random, 20'000)},
                          {"send_bytes", send_bytes},
                          {"send_files", send_files},
                          {"tell_again_s", kTroubleEnds + 1},
                          {"retry_s", 5}};
  document["chaos"] = draw_chaos_counts(random, devices);
  document["expectations"] = expectations;
  return document;
}

}  // namespace kith::sim
