#include "sim/draw/chaos.h"

#include <fmt/core.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/append.h"
#include "sim/draw/drawing.h"

namespace kith::sim {
namespace {

using nlohmann::json;

constexpr std::uint64_t kMostOfAKind = 10'000;
// Of a fault that waits for something to strike.
constexpr Duration kShortestWait = std::chrono::milliseconds(1);

// Names of what can be struck, in the order of the topology.
struct Targets {
  std::vector<std::string> devices;
  std::vector<std::string> sites;
  // Lines of sites and links of devices to networks: where a fault is told and what it is now.
  struct Line {
    json where;
    json link;
  };
  std::vector<Line> lines;
  std::vector<std::string> multicast_sites;  // where a device speaks multicast DNS
  std::vector<std::string> dht_devices;
};

json object_or_empty(const json& from, const char* key) {
  return from.is_object() && from.contains(key) ? from.at(key) : json::object();
}

Targets targets_of(const json& topology) {
  Targets targets;
  for (const json& site : topology.value("sites", json::array())) {
    targets.sites.push_back(site.at("name"));
    targets.lines.push_back(
        {{{"kind", "line"}, {"site", site.at("name")}}, object_or_empty(site, "line")});
  }
  for (const json& device : topology.value("devices", json::array())) {
    targets.devices.push_back(device.at("name"));
    const json discovery = object_or_empty(device, "discovery");
    if (discovery.value("dht", false)) targets.dht_devices.push_back(device.at("name"));
    std::size_t number = 0;
    for (const json& network : device.value("networks", json::array())) {
      if (discovery.value("mdns", false) && network.contains("site")) {
        append_once(targets.multicast_sites, network.at("site").get<std::string>());
      }
      targets.lines.push_back(
          {{{"kind", "network"}, {"device", device.at("name")}, {"network", number++}},
           object_or_empty(network, "link")});
    }
  }
  for (const json& wire : topology.value("links", json::array())) {
    json link = wire;
    link.erase("between");
    targets.lines.push_back({{{"kind", "link"}, {"between", wire.at("between")}}, link});
  }
  return targets;
}

class ChaosDrawer {
 public:
  ChaosDrawer(JsonObject keys, const json& topology, Duration duration, RandomSource random)
      : keys_(std::move(keys)), random_(std::move(random)), targets_(targets_of(topology)) {
    from_ = keys_.seconds_or("from_s", duration, {}, "duration_s");
    to_ = keys_.seconds("to_s", duration, "duration_s");
    longest_ = keys_.seconds_or("longest_s", duration, std::chrono::seconds(30), "duration_s");
    if (to_ < from_ + longest_) {
      keys_.refuse("to_s", "must leave room for \"longest_s\" after \"from_s\"");
    }
    heals_ = keys_.boolean_or("heals_lines", false);
  }

  std::vector<json> draw() {
    for (const auto& [key, kind] : kKinds) each(key, kind);
    keys_.done();
    if (heals_) heal_lines();
    return std::move(faults_);
  }

  static std::vector<std::string_view> kinds() {
    std::vector<std::string_view> keys;
    for (const auto& [key, kind] : kKinds) keys.push_back(key);
    return keys;
  }

 private:
  using Kind = void (ChaosDrawer::*)(RandomSource& random);
  static const std::vector<std::pair<std::string_view, Kind>> kKinds;

  void each(std::string_view key, Kind kind) {
    const std::uint64_t count = keys_.integer_or(key, 0, kMostOfAKind, 0);
    RandomSource random = random_.fork(key);
    for (std::uint64_t i = 0; i < count; ++i) {
      (this->*kind)(random);
      if (faults_.size() > kMostEntries) {
        keys_.refuse(key, fmt::format("there are more than {} faults by then", kMostEntries));
      }
    }
  }

  // Draws stand in statements of their own: the order of arguments is the compiler's.
  void add(Duration at, json fault) {
    fault["at_s"] = document_seconds(at);
    faults_.push_back(std::move(fault));
  }
  Duration length(RandomSource& random) {
    return draw_time(random, std::min<Duration>(longest_, std::chrono::milliseconds(100)),
                     longest_);
  }
  Duration begin(RandomSource& random, Duration length) {
    return draw_time(random, from_, to_ - length);
  }

  void stop(RandomSource& random, std::string_view kind) {
    const Duration down = length(random);
    const Duration at = begin(random, down);
    add(at, {{"kind", kind},
             {"device", draw_one(random, targets_.devices)},
             {"down_s", document_seconds(down)}});
  }
  void crash(RandomSource& random) {
    stop(random, "crash");
    lose_power(random);
  }
  void kill(RandomSource& random) { stop(random, "kill"); }
  // What becomes of unsynced data in the last fault.
  void lose_power(RandomSource& random) {
    faults_.back()["torn_sectors"] = random.chance(1, 2);
    faults_.back()["misdirected"] = random.chance(1, 4);
  }

  void crash_at_effect(RandomSource& random) {
    static constexpr std::string_view kEffects[] = {"store_commit", "file", "datagram_sent",
                                                    "datagram_received"};
    const std::string_view effect = draw_one(random, std::span(kEffects));
    const bool divisible = effect == "store_commit" || effect == "file";
    static constexpr std::string_view kMoments[] = {"before", "after", "during"};
    const Duration down = length(random);
    const Duration at = begin(random, down + kShortestWait);
    add(at, {{"kind", "crash_at_effect"},
             {"device", draw_one(random, targets_.devices)},
             {"effect", effect},
             {"nth", 1 + random.below(50)},
             {"moment", draw_one(random, std::span(kMoments).first(divisible ? 3 : 2))},
             {"down_s", document_seconds(down)},
             {"for_s", document_seconds(to_ - down - at)}});
    const bool crashes = random.chance(1, 2);
    faults_.back()["ending"] = crashes ? "crash" : "kill";
    if (crashes) lose_power(random);
  }

  void add_lasting(RandomSource& random, Duration lasts, json fault) {
    fault["for_s"] = document_seconds(lasts);
    const Duration at = begin(random, lasts);
    add(at, std::move(fault));
  }
  // A fault of one device for a while.
  void for_a_while(RandomSource& random, json fault) {
    const Duration lasts = length(random);
    fault["device"] = draw_one(random, targets_.devices);
    add_lasting(random, lasts, std::move(fault));
  }
  void stand_still(RandomSource& random, std::string_view clock) {
    for_a_while(random, {{"kind", "pause"}, {"monotonic_clock", clock}});
    if (random.chance(1, 2)) faults_.back()["buffer_bytes"] = 1'024u << random.below(8);
  }
  void pause(RandomSource& random) { stand_still(random, "counts"); }
  void sleep(RandomSource& random) { stand_still(random, "stops"); }
  void bit_rot(RandomSource& random) {
    const Duration at = begin(random, {});
    add(at, {{"kind", "bit_rot"}, {"device", draw_one(random, targets_.devices)}, {"path", "any"}});
  }
  void send_errors(RandomSource& random) { for_a_while(random, {{"kind", "send_errors"}}); }
  void disk_full(RandomSource& random) { for_a_while(random, {{"kind", "disk_full"}}); }
  void disk_slow(RandomSource& random) {
    for_a_while(random, {{"kind", "disk_slow"}, {"factor", 2 + random.below(99)}});
  }
  void disk_error(RandomSource& random) {
    static constexpr std::string_view kOperations[] = {"read", "write", "sync", "rename", "any"};
    const Duration at = begin(random, kShortestWait);
    add(at, {{"kind", "disk_error"},
             {"device", draw_one(random, targets_.devices)},
             {"operation", draw_one(random, std::span(kOperations))},
             {"nth", 1 + random.below(20)},
             {"for_s", document_seconds(to_ - at)}});
  }
  void store_error(RandomSource& random) {
    static constexpr std::string_view kErrors[] = {"io_error", "no_space"};
    const Duration at = begin(random, kShortestWait);
    add(at, {{"kind", "store_error"},
             {"device", draw_one(random, targets_.devices)},
             {"error", draw_one(random, std::span(kErrors))},
             {"nth", 1 + random.below(8)},
             {"for_s", document_seconds(to_ - at)}});
  }
  void clock_jump(RandomSource& random) {
    constexpr std::uint64_t kFarthest = 3600 * 24 * 30;
    const auto by = static_cast<std::int64_t>(random.below(2 * kFarthest));
    const Duration at = begin(random, {});
    add(at, {{"kind", "clock_jump"},
             {"device", draw_one(random, targets_.devices)},
             {"by_s", by - static_cast<std::int64_t>(kFarthest)}});
  }
  void clock_rate(RandomSource& random) {
    const Duration at = begin(random, {});
    add(at, {{"kind", "clock_rate"},
             {"device", draw_one(random, targets_.devices)},
             {"ppm", static_cast<std::int64_t>(random.below(2001)) - 1000}});
  }

  // The keys of `change` for a while, and then what the line had before.
  void change_line(RandomSource& random, const json& change) {
    if (targets_.lines.empty()) return;
    const Targets::Line& line = draw_one(random, targets_.lines);
    const Duration lasts = length(random);
    const Duration at = begin(random, lasts);
    json fault = line.where;
    fault.update(change);
    add(at, fault);
    add(at + lasts, restored(line, change.contains("back") ? change["back"] : change));
  }
  // Both directions as they were, in what was changed.
  static json restored(const Targets::Line& line, const json& changed) {
    json end = line.where;
    const json back = object_or_empty(line.link, "back");
    for (const auto& [key, value] : changed.items()) {
      end[key] = line.link.value(key, healthy(key));
      end["back"][key] = back.value(key, end[key]);
    }
    return end;
  }
  // From the end on, no line harms a datagram by itself. Its rate, delay and MTU stay.
  void heal_lines() {
    static constexpr std::string_view kHarms[] = {
        "loss_percent",     "duplicate_percent", "reorder_percent",    "corrupt_percent",
        "truncate_percent", "replay_percent",    "burst_begin_percent"};
    for (const Targets::Line& line : targets_.lines) {
      const json back = object_or_empty(line.link, "back");
      json fault = line.where;
      for (const std::string_view key : kHarms) {
        if (!line.link.contains(key) && !back.contains(key)) continue;
        fault[key] = fault["back"][key] = 0u;
      }
      if (fault != line.where) add(to_, std::move(fault));
    }
  }
  // What a link has of a property that nobody mentions.
  static json healthy(std::string_view key) {
    if (key == "up") return true;
    if (key == "bleach_ecn") return false;
    if (key == "mtu_bytes") return 1500u;
    return 0;
  }
  void bad_line(RandomSource& random) {
    json change;
    const auto maybe = [&](const char* key, std::uint64_t most) {
      if (random.chance(1, 3)) change[key] = 1 + random.below(most);
    };
    maybe("loss_percent", 20);
    maybe("duplicate_percent", 10);
    maybe("jitter_ms", 50);
    maybe("corrupt_percent", 5);
    maybe("truncate_percent", 5);
    if (random.chance(1, 3)) {
      change["burst_begin_percent"] = 1 + random.below(3);
      change["burst_ms"] = 10 + random.below(1'000);
    }
    if (random.chance(1, 3)) {
      change["reorder_percent"] = 1 + random.below(20);
      change["reorder_delay_ms"] = 1 + random.below(100);
    }
    if (random.chance(1, 3)) {
      change["replay_percent"] = 1 + random.below(5);
      change["replay_delay_s"] = 1 + random.below(60);
    }
    if (random.chance(1, 3)) change["mtu_bytes"] = 1280 + random.below(200);
    if (random.chance(1, 3)) change["bleach_ecn"] = true;
    if (change.is_null()) change["loss_percent"] = 5;
    if (random.chance(1, 3)) change = {{"back", change}};
    change_line(random, change);
  }
  void blackout(RandomSource& random) {
    const json down = {{"up", false}};
    change_line(random, random.chance(1, 2) ? down : json{{"back", down}});
  }

  // A device loses something of one of its networks for a while.
  void lose_network(RandomSource& random, const char* what) {
    std::vector<json> networks;
    for (const Targets::Line& line : targets_.lines) {
      if (line.where.at("kind") == "network") networks.push_back(line.where);
    }
    if (networks.empty()) return;
    json fault = draw_one(random, networks);
    const Duration lasts = length(random);
    const Duration at = begin(random, lasts);
    fault[what] = false;
    add(at, fault);
    fault[what] = true;
    add(at + lasts, fault);
  }
  void roam(RandomSource& random) { lose_network(random, "connected"); }
  void ipv6_loss(RandomSource& random) { lose_network(random, "ipv6"); }

  void gateway(RandomSource& random, std::string_view does) {
    if (targets_.sites.empty()) return;
    const Duration at = begin(random, {});
    add(at, {{"kind", "gateway"}, {"site", draw_one(random, targets_.sites)}, {"does", does}});
  }
  void gateway_reboot(RandomSource& random) { gateway(random, "reboot"); }
  void gateway_rebind(RandomSource& random) { gateway(random, "rebind"); }
  void renumber(RandomSource& random) { gateway(random, "renumber"); }
  void exhaust(RandomSource& random) { gateway(random, "exhaust"); }

  // Each on an island of its own.
  void partition(RandomSource& random) {
    if (targets_.sites.empty()) return;
    json sites = json::array();
    for (const std::string& site : targets_.sites) {
      if (random.chance(1, 3)) sites.push_back(site);
    }
    static constexpr std::string_view kCuts[] = {"inbound", "outbound", "both"};
    const std::uint64_t island = islands_++ % 64;
    const Duration lasts = length(random);
    const Duration at = begin(random, lasts);
    add(at, {{"kind", "partition"},
             {"sites", sites},
             {"island", island},
             {"cut", draw_one(random, std::span(kCuts))}});
    add(at + lasts, {{"kind", "partition"}, {"island", island}, {"cut", "none"}});
  }

  // Lines go one after the other, and come back in another order.
  void clog(RandomSource& random) {
    const Duration lasts = length(random);
    const Duration at = begin(random, lasts);
    for (const Targets::Line& line : targets_.lines) {
      if (!random.chance(1, 2)) continue;
      json fault = line.where;
      fault["up"] = false;
      const Duration stops = draw_time(random, {}, lasts / 2);
      const Duration resumes = draw_time(random, lasts / 2, lasts);
      add(at + stops, fault);
      fault["up"] = true;
      add(at + resumes, fault);
    }
  }

  // At a site or, as often as at all of them together, in the internet.
  void spoofed_source(RandomSource& random) {
    static constexpr std::string_view kSends[] = {"random", "replayed", "version_negotiation",
                                                  "stateless_reset", "initial"};
    json sends = json::array();
    for (const std::string_view each : kSends) {
      if (random.chance(1, 2)) sends.push_back(each);
    }
    json fault = {{"kind", "spoofed_sources"}, {"every_ms", 100 + random.below(1'900)}};
    if (!sends.empty()) fault["sends"] = sends;
    const bool at_a_site = random.chance(1, 2);
    if (at_a_site && !targets_.sites.empty()) fault["site"] = draw_one(random, targets_.sites);
    act_for_a_while(random, std::move(fault));
  }
  void forged_mdns(RandomSource& random) {
    if (targets_.multicast_sites.empty()) return;
    json fault = {{"kind", "forged_mdns"}, {"every_ms", 100 + random.below(1'900)}};
    fault["site"] = draw_one(random, targets_.multicast_sites);
    fault["impostor"] = random.chance(1, 2);
    act_for_a_while(random, std::move(fault));
  }
  // On a LAN or, as often as on all of them together, in the DHT.
  void stale_record(RandomSource& random) {
    json fault = {{"kind", "stale_records"}};
    const bool on_a_lan = random.chance(1, 2);
    if (on_a_lan ? targets_.multicast_sites.empty() : targets_.dht_devices.empty()) return;
    if (on_a_lan) {
      fault["site"] = draw_one(random, targets_.multicast_sites);
      fault["every_ms"] = 100 + random.below(1'900);
    }
    const Duration repeats = length(random) / 2;
    const Duration listens = length(random) / 2;
    fault["for_s"] = document_seconds(repeats);
    fault["listen_s"] = document_seconds(listens);
    const Duration at = begin(random, repeats + listens);
    add(at, std::move(fault));
  }
  void dht_sybils(RandomSource& random) {
    if (targets_.dht_devices.empty()) return;
    json fault = {{"kind", "dht_sybils"}, {"count", 1 + random.below(40)}};
    fault["device"] = draw_one(random, targets_.dht_devices);
    act_for_a_while(random, std::move(fault));
  }
  void grabbed_port(RandomSource& random) {
    if (targets_.sites.empty()) return;
    json fault = {{"kind", "grabbed_ports"}, {"every_ms", 50 + random.below(950)}};
    fault["site"] = draw_one(random, targets_.sites);
    act_for_a_while(random, std::move(fault));
  }
  void act_for_a_while(RandomSource& random, json fault) {
    const Duration lasts = length(random);
    add_lasting(random, lasts, std::move(fault));
  }

  JsonObject keys_;
  RandomSource random_;
  Targets targets_;
  Duration from_{};
  Duration to_{};
  Duration longest_{};
  bool heals_ = false;
  std::uint64_t islands_ = 0;
  std::vector<json> faults_;
};

// Each takes its draws from a source of its own.
const std::vector<std::pair<std::string_view, ChaosDrawer::Kind>> ChaosDrawer::kKinds = {
    {"crashes", &ChaosDrawer::crash},
    {"kills", &ChaosDrawer::kill},
    {"effect_crashes", &ChaosDrawer::crash_at_effect},
    {"pauses", &ChaosDrawer::pause},
    {"sleeps", &ChaosDrawer::sleep},
    {"clock_jumps", &ChaosDrawer::clock_jump},
    {"clock_rates", &ChaosDrawer::clock_rate},
    {"send_errors", &ChaosDrawer::send_errors},
    {"bit_rots", &ChaosDrawer::bit_rot},
    {"disks_full", &ChaosDrawer::disk_full},
    {"disks_slow", &ChaosDrawer::disk_slow},
    {"disk_errors", &ChaosDrawer::disk_error},
    {"bad_lines", &ChaosDrawer::bad_line},
    {"blackouts", &ChaosDrawer::blackout},
    {"roams", &ChaosDrawer::roam},
    {"ipv6_losses", &ChaosDrawer::ipv6_loss},
    {"gateway_reboots", &ChaosDrawer::gateway_reboot},
    {"gateway_rebinds", &ChaosDrawer::gateway_rebind},
    {"renumberings", &ChaosDrawer::renumber},
    {"exhaustions", &ChaosDrawer::exhaust},
    {"partitions", &ChaosDrawer::partition},
    {"clogs", &ChaosDrawer::clog},
    {"spoofed_sources", &ChaosDrawer::spoofed_source},
    {"forged_mdns", &ChaosDrawer::forged_mdns},
    {"stale_records", &ChaosDrawer::stale_record},
    {"dht_sybils", &ChaosDrawer::dht_sybils},
    {"grabbed_ports", &ChaosDrawer::grabbed_port},
    {"store_errors", &ChaosDrawer::store_error},
};

}  // namespace

std::vector<std::string_view> chaos_kinds() { return ChaosDrawer::kinds(); }

std::vector<json> draw_chaos(JsonObject keys, const json& topology, Duration duration,
                             RandomSource random) {
  return ChaosDrawer(std::move(keys), topology, duration, std::move(random)).draw();
}

}  // namespace kith::sim
