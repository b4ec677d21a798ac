#include "sim/scenario/read_adversaries.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "sim/scenario/scenario.h"

namespace kith::sim {
namespace {

constexpr Duration kMostBetween = std::chrono::minutes(1);
// As many as stand alone around a target in a town of a few hundred hosts (sybil.h), and five times
// that.
constexpr std::size_t kUsualSybils = 200;
constexpr std::size_t kMostSybils = 1000;

Duration read_length(JsonObject& keys, std::string_view key) {
  const Duration length = keys.seconds(key, kLongestRun);
  if (length == Duration{}) keys.refuse(key, "must be above 0");
  return length;
}

// How far apart its acts are. A run would stand still between none.
Duration read_every(JsonObject& keys) {
  const Duration every = keys.at("every_ms").milliseconds(kMostBetween);
  if (every < std::chrono::milliseconds(1)) keys.refuse("every_ms", "must be at least 1");
  return every;
}

std::optional<SiteId> read_place(JsonObject& keys, const Names& names) {
  if (!keys.has("site")) return std::nullopt;
  return names.site(keys.at("site"));
}

// Some of the values that these words stand for, in the order of the document; all, if it does not
// say.
template <class Value, std::size_t N>
std::vector<Value> read_some(JsonObject& keys, std::string_view key,
                             const std::pair<std::string_view, Value> (&words)[N]) {
  std::vector<Value> some;
  if (!keys.has(key)) {
    for (const auto& [word, value] : words) some.push_back(value);
    return some;
  }
  std::vector<std::string_view> known;
  for (const auto& [word, value] : words) known.push_back(word);
  for (const JsonValue& given : keys.at(key).array(1, N)) {
    const auto found = std::find_if(std::begin(words), std::end(words),
                                    [&](const auto& each) { return each.first == given.text(); });
    if (found == std::end(words)) {
      given.refuse(
          fmt::format("must be one of: {}; not \"{}\"", fmt::join(known, ", "), given.text()));
    }
    if (std::find(some.begin(), some.end(), found->second) != some.end()) {
      given.refuse("stands there twice");
    }
    some.push_back(found->second);
  }
  return some;
}

}  // namespace

SpooferSpec read_spoofer(JsonObject& keys, const Names& names) {
  constexpr std::pair<std::string_view, Forgery> kSends[] = {
      {"random", Forgery::random},
      {"replayed", Forgery::replayed},
      {"version_negotiation", Forgery::version_negotiation},
      {"stateless_reset", Forgery::stateless_reset},
      {"initial", Forgery::initial},
  };
  SpooferSpec spec;
  spec.site = read_place(keys, names);
  spec.lasting = read_length(keys, "for_s");
  spec.every = read_every(keys);
  spec.sends = read_some(keys, "sends", kSends);
  return spec;
}

LanLiarSpec read_lan_liar(JsonObject& keys, const Names& names) {
  constexpr std::pair<std::string_view, Lie> kTells[] = {{"answer", Lie::answer},
                                                         {"goodbye", Lie::goodbye},
                                                         {"conflict", Lie::conflict},
                                                         {"flood", Lie::flood}};
  LanLiarSpec spec;
  spec.site = names.site(keys.at("site"));
  spec.lasting = read_length(keys, "for_s");
  spec.every = read_every(keys);
  spec.tells = read_some(keys, "tells", kTells);
  spec.impostor = keys.boolean_or("impostor", false);
  return spec;
}

PortGrabberSpec read_port_grabber(JsonObject& keys, const Names& names) {
  PortGrabberSpec spec;
  spec.site = names.site(keys.at("site"));
  spec.lasting = read_length(keys, "for_s");
  spec.every = read_every(keys);
  return spec;
}

StaleRecordsSpec read_stale(JsonObject& keys, const Names& names) {
  StaleRecordsSpec spec;
  spec.site = read_place(keys, names);
  spec.listening = read_length(keys, "listen_s");
  spec.lasting = read_length(keys, "for_s");
  if (spec.site) spec.every = read_every(keys);
  return spec;
}

DhtSybilsSpec read_sybils(JsonObject& keys, const Names& names, const TopologySpec& topology) {
  constexpr std::pair<std::string_view, SybilManner> kManners[] = {{"silent", SybilManner::silent},
                                                                   {"deny", SybilManner::deny},
                                                                   {"drop", SybilManner::drop},
                                                                   {"replay", SybilManner::replay},
                                                                   {"forge", SybilManner::forge}};
  const bool any = std::any_of(topology.devices.begin(), topology.devices.end(),
                               [](const auto& device) { return device.engine.discovery.dht; });
  if (!any) keys.refuse("kind", "no device takes part in the DHT");
  DhtSybilsSpec spec;
  if (keys.has("device")) {
    spec.device = names.device(keys.at("device"));
    if (!topology.devices[*spec.device].engine.discovery.dht) {
      keys.refuse("device", "does not take part in the DHT");
    }
  }
  spec.count = static_cast<std::size_t>(keys.integer_or("count", 1, kMostSybils, kUsualSybils));
  spec.lasting = read_length(keys, "for_s");
  spec.manners = read_some(keys, "manners", kManners);
  return spec;
}

}  // namespace kith::sim
