#pragma once

// What the cache of one interface amounts to: instances that can be dialled, and how they change.

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "engine/discovery/mdns/cache.h"
#include "engine/discovery/mdns/txt.h"

namespace kith::mdns {

// A hint, not a proof: anyone on the link may say anything.
struct Neighbour {
  std::uint32_t interface = 0;
  std::string label;
  std::string host;                // as Name::to_string() writes it
  std::vector<Address> addresses;  // sorted; with the port, and the scope where it is link-local
  TxtPairs txt;
  friend bool operator==(const Neighbour&, const Neighbour&) = default;
};

struct InstanceFound {
  Neighbour neighbour;
};
struct InstanceUpdated {
  Neighbour neighbour;
};
struct InstanceLost {
  std::uint32_t interface = 0;
  std::string label;
};
// Another device on the link has the name. `label` is the one that was asked for; the next one that
// is tried is `renamed_to`.
struct InstanceConflict {
  std::string label;
  bool host = false;  // the host's label
  std::string renamed_to;
};
using Event = std::variant<InstanceFound, InstanceUpdated, InstanceLost, InstanceConflict>;

// Events are differences between what was said last and what is true when asked, one for each
// instance: however often a neighbour changes, nothing piles up.
class View {
 public:
  explicit View(std::uint32_t interface) : interface_(interface) {}

  void touch(const dns::Name& instance) { dirty_.insert(instance); }
  std::optional<Event> poll(const Cache& cache);

  // What is lost when the interface goes.
  std::vector<InstanceLost> close() const;

 private:
  std::optional<Neighbour> neighbour(const dns::Name& instance, const Cache& cache) const;

  std::uint32_t interface_;
  std::set<dns::Name> dirty_;
  std::map<dns::Name, Neighbour> told_;
};

}  // namespace kith::mdns
