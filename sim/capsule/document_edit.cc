#include "sim/capsule/document_edit.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <string_view>
#include <utility>

#include "engine/base/host_port.h"

namespace kith::sim {
namespace {

using Names = std::set<std::string>;

bool is_one_of(const Document& name, const Names& names) {
  return name.is_string() && names.contains(name.get<std::string>());
}

// Under `key` stands one of these names, or a list with one of them.
bool has_one_of(const Document& entry, const char* key, const Names& names) {
  const auto found = entry.find(key);
  if (found == entry.end()) return false;
  if (!found->is_array()) return is_one_of(*found, names);
  return std::any_of(found->begin(), found->end(),
                     [&](const Document& each) { return is_one_of(each, names); });
}

template <class Gone>
void erase_entries(Document& list, const Gone& gone) {
  Document left = Document::array();
  for (const Document& entry : list) {
    if (!gone(entry)) left.push_back(entry);
  }
  list = std::move(left);
}

// A device does not enter the DHT through those who are gone.
void forget_bootstrap(Document& device, const Names& gone) {
  const Document::json_pointer where("/discovery/bootstrap");
  if (!device.contains(where)) return;
  erase_entries(device[where], [&](const Document& host) {
    const auto named = parse_host_port(host.get<std::string>());
    return named && gone.contains(named->host);
  });
  if (device[where].empty()) device["discovery"].erase("bootstrap");
}

template <class Gone>
void erase_from(Document& document, const char* list, const Gone& gone) {
  if (document.contains(list)) erase_entries(document[list], gone);
}

// A partition loses those that are gone from its list; true if that leaves it nobody.
bool empties_partition(Document& fault, const char* key, const Names& gone) {
  if (!has_one_of(fault, key, gone)) return false;
  erase_entries(fault[key], [&](const Document& name) { return is_one_of(name, gone); });
  const auto is_empty = [&fault](const char* list) {
    return !fault.contains(list) || fault[list].empty();
  };
  return is_empty("devices") && is_empty("sites");
}

// Faults that strike one of these under any of `keys`; partitions have a list under `many`.
void erase_faults(Document& document, std::initializer_list<const char*> keys, const char* many,
                  const Names& gone) {
  if (!document.contains("faults")) return;
  Document left = Document::array();
  for (Document fault : document["faults"]) {
    const bool strikes = std::any_of(keys.begin(), keys.end(),
                                     [&](const char* key) { return has_one_of(fault, key, gone); });
    if (!strikes && !empties_partition(fault, many, gone)) left.push_back(std::move(fault));
  }
  document["faults"] = std::move(left);
}

Names gone_names(const Document& list, const Kept& kept) {
  Names gone;
  for (const Document& each : list) gone.insert(each.at("name").get<std::string>());
  for (const std::size_t index : kept) gone.erase(list.at(index).at("name").get<std::string>());
  return gone;
}

void add_keys(const Document& document, const Document::json_pointer& object,
              std::vector<Document::json_pointer>& into) {
  if (!document.contains(object)) return;
  for (const auto& [key, value] : document.at(object).items()) {
    if (key != "between") into.push_back(object / key);
  }
}

}  // namespace

std::size_t count_of(const Document& document, const char* list) {
  const auto found = document.find(list);
  return found == document.end() ? 0 : found->size();
}

Document with_entries(const Document& document, const char* list, const Kept& kept) {
  Document smaller = document;
  smaller[list] = Document::array();
  for (const std::size_t index : kept) smaller[list].push_back(document.at(list).at(index));
  return smaller;
}

bool names_device(const Document& step, const std::string& device) {
  // Steps of embedders name devices under keys of their own.
  constexpr std::array<std::string_view, 4> kOthers = {"kind", "name", "destination", "content"};
  for (const auto& [key, value] : step.items()) {
    if (std::find(kOthers.begin(), kOthers.end(), key) != kOthers.end()) continue;
    if (has_one_of(step, key.c_str(), {device})) return true;
  }
  return false;
}

Document with_devices(const Document& document, const Kept& kept) {
  const Names gone = gone_names(document.at("topology").at("devices"), kept);
  Document smaller = document;
  Document& topology = smaller["topology"];
  erase_from(topology, "devices",
             [&](const Document& device) { return is_one_of(device.at("name"), gone); });
  erase_from(topology, "links",
             [&](const Document& link) { return has_one_of(link, "between", gone); });
  for (Document& device : topology["devices"]) forget_bootstrap(device, gone);
  Names steps;
  erase_from(smaller, "workload", [&](const Document& step) {
    const bool goes = std::any_of(gone.begin(), gone.end(), [&](const std::string& device) {
      return names_device(step, device);
    });
    if (goes && step.contains("name")) steps.insert(step.at("name").get<std::string>());
    return goes;
  });
  erase_faults(smaller, {"device", "between"}, "devices", gone);
  erase_from(smaller, "expectations", [&](const Document& expectation) {
    return has_one_of(expectation, "devices", gone) || has_one_of(expectation, "send", steps) ||
           has_one_of(expectation, "messages", steps);
  });
  return smaller;
}

std::vector<std::string> unused_sites(const Document& document) {
  const Document& topology = document.at("topology");
  std::vector<std::string> unused;
  if (!topology.contains("sites")) return unused;
  Names used;
  for (const Document& device : topology.at("devices")) {
    if (!device.contains("networks")) continue;
    for (const Document& network : device.at("networks")) {
      if (network.contains("site")) used.insert(network.at("site").get<std::string>());
    }
  }
  // A site stands after those that it is inside of.
  const Document& sites = topology.at("sites");
  for (auto site = sites.rbegin(); site != sites.rend(); ++site) {
    const auto name = site->at("name").get<std::string>();
    if (!used.contains(name)) {
      unused.push_back(name);
    } else if (site->contains("inside_of")) {
      used.insert(site->at("inside_of").get<std::string>());
    }
  }
  return unused;
}

Document without_sites(const Document& document, const std::set<std::string>& gone) {
  Document smaller = document;
  erase_from(smaller["topology"], "sites",
             [&](const Document& site) { return is_one_of(site.at("name"), gone); });
  erase_faults(smaller, {"site"}, "sites", gone);
  return smaller;
}

Document ending_at(const Document& document, double at_s) {
  Document smaller = document;
  smaller["duration_s"] = at_s;
  for (const char* list : {"workload", "faults"}) {
    erase_from(smaller, list, [at_s](const Document& entry) {
      return entry.contains("at_s") && entry.at("at_s").get<double>() > at_s;
    });
  }
  return smaller;
}

std::vector<Amount> amounts_of(const Document& document) {
  constexpr std::pair<const char*, std::uint64_t> kAmounts[] = {
      {"/count", 1},         {"/body_bytes", 0},          {"/content/size_bytes", 0},
      {"/content/files", 0}, {"/content/directories", 0}, {"/content/most_bytes", 0},
  };
  std::vector<Amount> amounts;
  const Document::json_pointer workload("/workload");
  for (std::size_t i = 0; i < count_of(document, "workload"); ++i) {
    for (const auto& [name, least] : kAmounts) {
      const auto where = workload / i / Document::json_pointer(name);
      if (document.contains(where) && document.at(where).is_number_unsigned()) {
        amounts.push_back({where, least});
      }
    }
  }
  return amounts;
}

std::vector<Document::json_pointer> properties_of(const Document& document) {
  std::vector<Document::json_pointer> found;
  const Document::json_pointer root("/topology");
  const Document& topology = document.at(root);
  for (std::size_t i = 0; i < count_of(topology, "links"); ++i) {
    add_keys(document, root / "links" / i, found);
  }
  for (std::size_t i = 0; i < count_of(topology, "sites"); ++i) {
    add_keys(document, root / "sites" / i / "line", found);
  }
  for (std::size_t i = 0; i < count_of(topology, "devices"); ++i) {
    const auto device = root / "devices" / i;
    for (const char* part : {"interface", "disk"}) add_keys(document, device / part, found);
    for (std::size_t j = 0; j < count_of(document.at(device), "networks"); ++j) {
      add_keys(document, device / "networks" / j / "link", found);
    }
  }
  return found;
}

Document without_properties(const Document& document,
                            const std::vector<Document::json_pointer>& gone) {
  Document smaller = document;
  for (const Document::json_pointer& property : gone) {
    smaller.at(property.parent_pointer()).erase(property.back());
  }
  return smaller;
}

}  // namespace kith::sim
