#pragma once

// Smaller documents made of explicit scenario documents (schemas/scenario.md): parts left out with
// all that names them. What comes out need not be a scenario: its reader says.

#include <cstddef>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

namespace kith::sim {

using Document = nlohmann::json;
using Kept = std::vector<std::size_t>;  // numbers of elements, in their order

// How many elements a list of the document has; 0 if it has no such list.
std::size_t count_of(const Document& document, const char* list);

// "faults", "workload" or "expectations", with these elements alone. Nothing else changes.
Document with_entries(const Document& document, const char* list, const Kept& kept);

// These devices alone: the others go with their links, the steps, faults and expectations that name
// them, and the expectations of those steps.
Document with_devices(const Document& document, const Kept& kept);

// The names of sites on which no device is, itself or through a site inside of it.
std::vector<std::string> unused_sites(const Document& document);
// Without these sites and what names them.
Document without_sites(const Document& document, const std::set<std::string>& gone);

// Ends at that second. What would come later is left out.
Document ending_at(const Document& document, double at_s);

// Where in the document a number stands that says how much, and the least that it may be.
struct Amount {
  Document::json_pointer where;
  std::uint64_t least = 0;
};
// Counts of messages and sizes of contents.
std::vector<Amount> amounts_of(const Document& document);

// Where properties of links, interfaces and disks stand; each can go and leaves its default.
std::vector<Document::json_pointer> properties_of(const Document& document);
Document without_properties(const Document& document,
                            const std::vector<Document::json_pointer>& gone);

// Whether a step of the workload names this device.
bool names_device(const Document& step, const std::string& device);

}  // namespace kith::sim
