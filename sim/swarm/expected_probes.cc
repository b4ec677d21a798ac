#include "sim/swarm/expected_probes.h"

#include "sim/adversaries/sybil.h"
#include "sim/world/fired.h"

namespace kith::sim {
namespace {

// An impostor has no key that anybody would take for another's.
constexpr std::string_view kNeverFires = "impostor_believed";

}  // namespace

std::vector<std::string> expected_probes() {
  std::vector<std::string> names = probe_names();
  std::erase(names, kNeverFires);
  for (const auto& [name, count] : Sybils::kCounted) names.emplace_back(name);
  return names;
}

}  // namespace kith::sim
