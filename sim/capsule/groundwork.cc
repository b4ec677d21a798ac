#include "sim/capsule/groundwork.h"

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace kith::sim {
namespace {

std::string text(const Document& entry, const char* key) {
  const auto found = entry.find(key);
  return found != entry.end() && found->is_string() ? found->get<std::string>() : "";
}

// --- devices ------------------------------------------------------------------------------------

bool serves_dht(const Document& device) {
  return device.contains("discovery") && device.at("discovery").contains("dht_port");
}

bool asks_dht(const Document& device) {
  return device.contains("discovery") && device.at("discovery").value("dht", false) &&
         !serves_dht(device);
}

// --- steps --------------------------------------------------------------------------------------

// The two devices of a step that others rest on; nothing if it is none.
std::pair<std::string, std::string> joined_by(const Document& step) {
  if (text(step, "kind") == "pair") return {text(step, "initiator"), text(step, "joiner")};
  if (text(step, "kind") == "tell") return {text(step, "device"), text(step, "about")};
  return {};
}

bool is_groundwork(const Document& step) { return !joined_by(step).first.empty(); }

// --- faults -------------------------------------------------------------------------------------

// Something that a fault can change, and what of it.
using Change = std::pair<std::string, std::string>;

bool is_property(const std::string& key) {
  constexpr std::array<std::string_view, 7> kOthers = {"kind",    "at_s", "between", "site",
                                                       "network", "back", "device"};
  return std::find(kOthers.begin(), kOthers.end(), key) == kOthers.end();
}

// Keys of a link hold for both directions, those under "back" for one.
void add_directions(const Document& fault, const std::string& link, bool reversed,
                    std::vector<Change>& changes) {
  for (const auto& [key, value] : fault.items()) {
    if (!is_property(key)) continue;
    changes.emplace_back(link + " there", key);
    changes.emplace_back(link + " back", key);
  }
  if (!fault.contains("back")) return;
  for (const auto& [key, value] : fault.at("back").items()) {
    changes.emplace_back(link + (reversed ? " there" : " back"), key);
  }
}

std::string network_name(const std::string& device, std::uint64_t network) {
  return "network " + std::to_string(network) + " " + device;
}

std::vector<Change> changes_of(const Document& fault) {
  std::vector<Change> changes;
  const std::string kind = text(fault, "kind");
  if (kind == "link") {
    std::pair<std::string, std::string> ends{fault.at("between").at(0), fault.at("between").at(1)};
    const bool reversed = ends.second < ends.first;
    if (reversed) std::swap(ends.first, ends.second);
    add_directions(fault, "link " + ends.first + " " + ends.second, reversed, changes);
  } else if (kind == "line") {
    add_directions(fault, "line " + text(fault, "site"), false, changes);
  } else if (kind == "network") {
    const std::uint64_t network = fault.value("network", std::uint64_t{0});
    add_directions(fault, network_name(text(fault, "device"), network), false, changes);
    // What does not say that there is no IPv6 brings it back.
    if (!fault.contains("ipv6")) {
      changes.emplace_back(network_name(text(fault, "device"), network) + " there", "ipv6");
    }
  } else if (kind == "partition") {
    changes.emplace_back("island " + std::to_string(fault.value("island", std::uint64_t{0})), "");
  } else if (kind == "clock_rate") {
    changes.emplace_back("clock " + text(fault, "device"), "");
  }
  return changes;
}

// Networks to which a device comes later.
std::vector<Change> awaited(const Document& document) {
  std::vector<Change> found;
  for (const Document& device : document.at("topology").at("devices")) {
    if (!device.contains("networks")) continue;
    const Document& networks = device.at("networks");
    for (std::size_t i = 0; i < networks.size(); ++i) {
      if (!networks.at(i).value("connected", true)) {
        found.emplace_back(network_name(text(device, "name"), i) + " there", "connected");
      }
    }
  }
  return found;
}

Kept numbers_of(const std::vector<bool>& kept) {
  Kept numbers;
  for (std::size_t i = 0; i < kept.size(); ++i) {
    if (kept[i]) numbers.push_back(i);
  }
  return numbers;
}

std::vector<bool> flags_of(const Kept& numbers, std::size_t count) {
  std::vector<bool> kept(count);
  for (const std::size_t number : numbers) kept[number] = true;
  return kept;
}

// --- expectations -------------------------------------------------------------------------------

bool has_step(const Document& document, const char* kind) {
  const Document& steps = document.at("workload");
  return std::any_of(steps.begin(), steps.end(),
                     [kind](const Document& step) { return text(step, "kind") == kind; });
}

bool has_pair(const Document& document, const Document& devices) {
  const Document& steps = document.at("workload");
  return std::any_of(steps.begin(), steps.end(), [&](const Document& step) {
    return text(step, "kind") == "pair" && names_device(step, devices.at(0)) &&
           names_device(step, devices.at(1));
  });
}

bool has_subject(const Document& document, const Document& expectation) {
  const std::string kind = text(expectation, "kind");
  if (kind == "paired") return has_pair(document, expectation.at("devices"));
  if (kind == "all_paired") return has_step(document, "pair");
  if (kind == "all_transfers_completed") return has_step(document, "send");
  if (kind == "all_messages_delivered") return has_step(document, "message");
  // The others name a step, and the reader of scenarios refuses a name that no step has.
  return true;
}

}  // namespace

Kept devices_with_groundwork(const Document& document, const Kept& devices) {
  const Document& all = document.at("topology").at("devices");
  std::vector<bool> kept = flags_of(devices, all.size());
  const bool asked = std::any_of(devices.begin(), devices.end(),
                                 [&](std::size_t number) { return asks_dht(all[number]); });
  for (std::size_t i = 0; asked && i < all.size(); ++i) {
    if (serves_dht(all[i])) kept[i] = true;
  }
  return numbers_of(kept);
}

Kept steps_with_groundwork(const Document& document, const Kept& steps) {
  if (count_of(document, "workload") == 0) return steps;
  const Document& all = document.at("workload");
  std::vector<bool> kept = flags_of(steps, all.size());
  for (const std::size_t number : steps) {
    if (is_groundwork(all[number])) continue;
    for (std::size_t i = 0; i < all.size(); ++i) {
      const auto [one, other] = joined_by(all[i]);
      const bool rests =
          !one.empty() && names_device(all[number], one) && names_device(all[number], other);
      if (rests) kept[i] = true;
    }
  }
  return numbers_of(kept);
}

Kept faults_with_groundwork(const Document& document, const Kept& faults) {
  if (count_of(document, "faults") == 0) return faults;
  const Document& all = document.at("faults");
  std::vector<std::vector<Change>> changes;
  std::map<Change, std::size_t> last;
  for (std::size_t i = 0; i < all.size(); ++i) {
    changes.push_back(changes_of(all[i]));
    for (const Change& change : changes.back()) last[change] = i;
  }
  std::vector<bool> kept = flags_of(faults, all.size());
  for (const Change& change : awaited(document)) {
    if (const auto found = last.find(change); found != last.end()) kept[found->second] = true;
  }
  // What is added stands behind what it is added for, so its own turn comes.
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!kept[i]) continue;
    for (const Change& change : changes[i]) kept[last.at(change)] = true;
  }
  return numbers_of(kept);
}

bool has_subjects(const Document& document) {
  const Document& expectations = document.at("expectations");
  return std::all_of(expectations.begin(), expectations.end(), [&](const Document& expectation) {
    return has_subject(document, expectation);
  });
}

}  // namespace kith::sim
