#include "sim/draw/population.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <map>

#include "sim/draw/drawing.h"
#include "sim/draw/write_nat.h"
#include "sim/nat/population.h"
#include "sim/scenario/read_links.h"
#include "sim/scenario/read_topology.h"

namespace kith::sim {
namespace {

using nlohmann::json;

// A carrier serves so many customers here; real ones share an address among more or fewer.
constexpr std::uint64_t kCustomersOfACarrier = 32;
// How long a line takes one way, at home and by radio: what speed tests show people.
constexpr Duration kShortestLine = std::chrono::milliseconds(2);
constexpr Duration kLongestLine = std::chrono::milliseconds(25);

// Where the servers of the DHT listen, one in each network: nodes believe what several networks
// say, and nobody else is numbered from here.
constexpr std::uint64_t kMostDhtServers = 200;
constexpr unsigned kDhtPort = 6881;
std::string dht_server(std::uint64_t number) { return fmt::format("dht-{}", number); }
std::string dht_server_ip(std::uint64_t number) { return fmt::format("31.{}.1.1", number); }

// Any gateway there can be, every kind as likely as any other.
NatSpec draw_any_nat(RandomSource& random) {
  NatSpec nat = cell_spec(static_cast<std::size_t>(random.below(kNatCells)));
  nat.translate = true;
  constexpr Duration kShortestTimeout = std::chrono::seconds(20);
  constexpr Duration kLongestTimeout = std::chrono::seconds(350);
  nat.unreplied_timeout = draw_time(random, kShortestTimeout, std::chrono::seconds(60));
  nat.replied_timeout = draw_time(random, nat.unreplied_timeout, kLongestTimeout);
  if (random.chance(1, 4)) {
    nat.absolute_timeout = draw_time(random, kShortestTimeout, std::chrono::seconds(75));
  }
  nat.inbound_refreshes = random.chance(3, 4);
  nat.pooling = random.chance(1, 2) ? Pooling::paired : Pooling::arbitrary;
  if (random.chance(1, 4)) nat.table_size = 16 + static_cast<std::size_t>(random.below(30));
  if (random.chance(1, 8)) nat.table_size = 1 << 17;  // ports run out before it is full
  nat.when_full = random.chance(1, 2) ? WhenFull::drop_new : WhenFull::evict_oldest_idle;
  // A walk in the DHT asks dozens: where nobody gives way it would lock its own device out.
  constexpr std::size_t kFlowsOfWalks = 256;
  if (nat.when_full == WhenFull::drop_new) nat.table_size = std::max(nat.table_size, kFlowsOfWalks);
  nat.unsolicited_poisons = random.chance(1, 4);
  nat.udp_blocked = random.chance(1, 25);
  return nat;
}

Access draw_any_access(RandomSource& random) {
  Access access;
  for (std::uint64_t depth = random.below(4); depth > 0; --depth) {
    access.chain.push_back(draw_any_nat(random));
  }
  if (random.chance(1, 2)) {
    access.ipv6.emplace();
    access.ipv6->translate = false;
    access.ipv6->filtering = static_cast<Dependence>(random.below(3));
  }
  return access;
}

// A gateway that makes forwards for who asks, or says so. Few give the lifetimes of RFC 6887.
json draw_port_mapping(RandomSource& random) {
  static constexpr std::string_view kSpeaks[] = {"nat_pmp", "pcp", "both"};
  static constexpr std::string_view kConducts[] = {"works", "works",          "works",
                                                   "lies",  "not_authorized", "no_resources"};
  json service{{"speaks", draw_one(random, std::span(kSpeaks))}};
  service["conduct"] = draw_one(random, std::span(kConducts));
  const std::uint64_t longest_s = 10 + random.below(100);
  service["longest_lifetime_s"] = longest_s;
  const bool ends_early = random.chance(1, 4);
  const std::uint64_t ends_after_s = 1 + random.below(longest_s - 1);
  const bool other_port = random.chance(1, 4);
  if (service["conduct"] == "works") {
    if (ends_early) service["ends_after_s"] = ends_after_s;
    service["other_port"] = other_port;
  }
  return service;
}

class PopulationDrawer {
 public:
  PopulationDrawer(JsonObject keys, RandomSource random)
      : keys_(std::move(keys)), random_(std::move(random)), services_(random_.fork("services")) {}

  Population draw() {
    constexpr std::uint64_t kMostPairs = 5'000;
    const std::uint64_t pairs = keys_.integer_or("pairs", 1, kMostPairs, 1);
    const Ppm same_lan = keys_.percent_or("same_lan_percent", Ppm{300'000});
    if (keys_.has("regions")) {
      TopologySpec read;
      read_regions(keys_.at("regions").object(), read);
      regions_ = read.regions;
      population_.topology["regions"] = keys_.at("regions").json();
    }
    if (keys_.has("access")) {
      const JsonValue access = keys_.at("access");
      any_access_ = access.text() == "any";
      if (!any_access_ && access.text() != "reference") {
        access.refuse("must be one of: reference, any");
      }
    }
    if (keys_.has("line")) {
      MemberSpec read;
      read_link_object(keys_.at("line"), read.up, read.down);
      line_ = keys_.at("line").json();
    }
    constexpr std::uint64_t kFewestDhtServers = 4;  // that they can tell each other who they are
    const std::uint64_t servers =
        keys_.integer_or("dht_servers", kFewestDhtServers, kMostDhtServers, 0);
    port_mapping_ = keys_.percent_or("port_mapping_percent", Ppm{});
    mobile_ = keys_.percent_or("mobile_percent", Ppm{});
    keys_.done();
    if (2 * pairs + servers > kMostDevices) {
      keys_.refuse("dht_servers",
                   fmt::format("with the pairs there may be {} devices", kMostDevices));
    }
    population_.topology["sites"] = json::array();
    population_.topology["devices"] = json::array();
    if (servers > 0) discovery_ = discovery(servers);
    for (std::uint64_t i = 0; i < pairs; ++i) draw_pair(i, same_lan);
    if (population_.topology["sites"].size() > kMostSites) {
      keys_.refuse("pairs", fmt::format("so many are behind more than {} gateways", kMostSites));
    }
    for (std::uint64_t i = 0; i < servers; ++i) add_dht_server(i);
    return std::move(population_);
  }

 private:
  // With it, a device is told no addresses.
  static json discovery(std::uint64_t servers) {
    json bootstrap = json::array();
    constexpr std::uint64_t kEntrances = 3;
    for (std::uint64_t i = 0; i < std::min(servers, kEntrances); ++i) {
      bootstrap.push_back(fmt::format("{}:{}", dht_server(i), kDhtPort));
    }
    return {{"mdns", true}, {"dht", true}, {"bootstrap", bootstrap}};
  }

  void add_dht_server(std::uint64_t number) {
    const std::string region = regions_.empty() ? "" : draw_one(random_, regions_);
    json network = internet(region, {{"delay_ms", 2u}});
    network["addresses"] = json::array({dht_server_ip(number)});
    json serves = discovery_;
    serves["mdns"] = false;
    serves["dht_port"] = kDhtPort;
    population_.topology["devices"].push_back({{"name", dht_server(number)},
                                               {"networks", json::array({network})},
                                               {"discovery", serves}});
  }

  static json internet(const std::string& region, const json& link) {
    json network{{"internet", true}, {"link", link}};
    if (!region.empty()) network["region"] = region;
    return network;
  }

  void draw_pair(std::uint64_t number, Ppm same_lan) {
    const std::string one = fmt::format("device-{}", 2 * number);
    const std::string other = fmt::format("device-{}", 2 * number + 1);
    const Access access = draw_place();
    const bool isolated = blocks_udp(access);
    const json here = place(one, access);
    if (hits(static_cast<std::uint32_t>(random_.next_u64()), same_lan) || isolated) {
      // On the internet, too, two devices may be neighbours. One that has its ports forwarded is
      // dialled at its site's own public address as well.
      json there = here;
      const bool forwards = can_forward(access) && random_.chance(1, 4);
      if (forwards && there.contains("site")) there["forwarded"] = true;
      add_device(one, {here});
      add_device(other, {there});
    } else {
      Access reachable = draw_place();
      while (!can_forward(reachable)) reachable = draw_place();
      // What others in the DHT see of a gateway is one address: where nobody says another, it has
      // to be the one at which the port is forwarded.
      for (NatSpec& nat : reachable.chain) {
        if (!discovery_.empty()) nat.pooling = Pooling::paired;
      }
      json there = place(other, reachable);
      if (there.contains("site")) there["forwarded"] = true;
      add_device(one, with_mobile(one, here));
      add_device(other, {there});
    }
    population_.pairs.emplace_back(one, other);
  }

  Access draw_place() { return any_access_ ? draw_any_access(random_) : draw_access(random_); }

  // A carrier forwards ports for nobody, unless anything goes.
  bool can_forward(const Access& access) const {
    return !blocks_udp(access) && (any_access_ || access.chain.size() <= 1);
  }

  static bool blocks_udp(const Access& access) {
    for (const NatSpec& nat : access.chain) {
      if (nat.udp_blocked) return true;
    }
    return false;
  }

  // A network, and perhaps a second one, as a phone has.
  std::vector<json> with_mobile(const std::string& name, const json& first) {
    std::vector<json> networks{first};
    if (hits(static_cast<std::uint32_t>(services_.next_u64()), mobile_)) {
      Access access = draw_place();
      while (blocks_udp(access)) access = draw_place();
      networks.push_back(place("mobile-" + name, access));
    }
    return networks;
  }

  void add_device(const std::string& name, const std::vector<json>& networks) {
    json device{{"name", name}, {"networks", networks}};
    if (!discovery_.empty()) device["discovery"] = discovery_;
    population_.topology["devices"].push_back(device);
  }

  // A network of a device: a site of its own, perhaps behind a carrier, or the internet.
  json place(const std::string& name, const Access& access) {
    const std::string region = regions_.empty() ? "" : draw_one(random_, regions_);
    json line = line_;
    if (!line.contains("delay_ms")) {
      line["delay_ms"] = draw_time(random_, kShortestLine, kLongestLine).count() / 1'000'000;
    }
    if (access.chain.empty()) {
      json network = internet(region, line);
      network["ipv6"] = access.ipv6.has_value();
      return network;
    }
    std::string outside;
    for (std::size_t i = access.chain.size(); i-- > 1;) {
      const std::string kind = any_access_ ? name : std::to_string(access.kind);
      outside = carrier(fmt::format("{} {}", kind, i), access.chain[i], region, outside);
    }
    json site{{"name", "site-of-" + name},
              {"nat", write_nat(access.chain.front())},
              {"ipv6", access.ipv6.has_value()},
              {"line", line}};
    if (access.chain.front().pooling == Pooling::arbitrary) site["public_addresses"] = 3u;
    if (access.ipv6) site["firewall"] = write_nat(*access.ipv6);
    if (hits(static_cast<std::uint32_t>(services_.next_u64()), port_mapping_)) {
      site["port_mapping"] = draw_port_mapping(services_);
    }
    put_outside(site, region, outside);
    population_.topology["sites"].push_back(site);
    return {{"site", site["name"]}};
  }

  // The carrier of this kind in a region that still takes customers; they share its gateway.
  std::string carrier(const std::string& kind, const NatSpec& nat, const std::string& region,
                      const std::string& outside) {
    auto& [name, customers] = carriers_[{kind, region, outside}];
    if (name.empty() || customers == kCustomersOfACarrier) {
      name = fmt::format("carrier-{}", carrier_count_++);
      customers = 0;
      // What its customers have of IPv6 is filtered by their own gateways.
      json site{{"name", name}, {"nat", write_nat(nat)}, {"ipv6", true}, {"firewall", "open"}};
      put_outside(site, region, outside);
      population_.topology["sites"].push_back(site);
    }
    ++customers;
    return name;
  }

  static void put_outside(json& site, const std::string& region, const std::string& outside) {
    if (!outside.empty()) {
      site["inside_of"] = outside;
    } else if (!region.empty()) {
      site["region"] = region;
    }
  }

  JsonObject keys_;
  RandomSource random_;
  RandomSource services_;  // of gateways
  Ppm port_mapping_;
  Ppm mobile_;
  std::vector<std::string> regions_;
  json line_ = json::object();
  json discovery_ = json::object();  // of every device of a pair
  bool any_access_ = false;
  // By kind, region and what they are inside of: a name and how many customers it has.
  std::map<std::array<std::string, 3>, std::pair<std::string, std::uint64_t>> carriers_;
  std::uint64_t carrier_count_ = 0;
  Population population_;
};

}  // namespace

Population draw_population(JsonObject keys, RandomSource random) {
  return PopulationDrawer(std::move(keys), std::move(random)).draw();
}

}  // namespace kith::sim
