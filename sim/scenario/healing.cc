#include "sim/scenario/healing.h"

#include <algorithm>
#include <map>

namespace kith::sim {
namespace {

struct Lasting {
  Duration operator()(const StopFault& fault) const { return fault.down; }
  Duration operator()(const PauseFault& fault) const { return fault.pause.lasting; }
  Duration operator()(const CrashAtEffectFault& fault) const {
    return fault.waiting == kForEver ? Duration{}
                                     : fault.waiting + fault.crash.down.value_or(Duration{});
  }
  Duration operator()(const StaleRecordsSpec& spec) const { return spec.listening + spec.lasting; }
  template <class Other>
  Duration operator()(const Other& fault) const {
    if constexpr (requires { fault.lasting; }) {
      // One that waits for ever for its moment is not waited for.
      if (fault.lasting != kForEver) return fault.lasting;
    }
    return {};
  }
};

}  // namespace

std::optional<Duration> healed_after(const std::vector<Fault>& faults) {
  std::vector<const Fault*> in_order;
  for (const Fault& fault : faults) in_order.push_back(&fault);
  std::stable_sort(in_order.begin(), in_order.end(),
                   [](const Fault* one, const Fault* other) { return one->at < other->at; });
  Duration healed{};
  std::map<unsigned, Network::Cut> islands;
  for (const Fault* fault : in_order) {
    healed = std::max(healed, fault->at + std::visit(Lasting{}, fault->what));
    const auto* partition = std::get_if<PartitionFault>(&fault->what);
    if (partition != nullptr) islands[partition->island] = partition->cut;
  }
  const bool cut_off = std::any_of(islands.begin(), islands.end(), [](const auto& island) {
    return island.second != Network::Cut::none;
  });
  if (cut_off) return std::nullopt;
  return healed;
}

}  // namespace kith::sim
