#include "sim/nat/population.h"

#include <array>

#include "engine/base/check.h"
#include "sim/world/chance.h"

namespace kith::sim {
namespace {

using std::chrono::seconds;

constexpr std::array kReference = {
    AccessKind{"public", 2, {}},
    AccessKind{"full_cone", 8, {"full_cone"}},
    AccessKind{"restricted_cone", 5, {"restricted_cone"}},
    AccessKind{"home", 47, {"home"}},
    AccessKind{"home_behind_carrier", 10, {"home", "cgnat"}},
    AccessKind{"cellular", 11, {"cellular"}},
    AccessKind{"symmetric", 13, {"symmetric"}},
    AccessKind{"udp_blocked", 4, {"udp_blocked"}},
};

constexpr std::uint32_t sum_of_weights() {
  std::uint32_t sum = 0;
  for (const AccessKind& kind : kReference) sum += kind.percent;
  return sum;
}
static_assert(sum_of_weights() == 100);

constexpr Duration kShortestReplied = seconds(120), kLongestReplied = seconds(350);
constexpr Duration kShortestAbsolute = seconds(50), kLongestAbsolute = seconds(75);
constexpr std::uint32_t kAbsoluteOneIn = 4;

bool is_carrier(std::string_view name) { return name == "cgnat" || name == "cellular"; }

}  // namespace

std::span<const AccessKind> reference_population() { return kReference; }

std::size_t kind_of_percentile(std::uint32_t percentile) {
  KITH_CHECK(percentile < 100);
  std::size_t kind = 0;
  while (percentile >= kReference[kind].percent) percentile -= kReference[kind++].percent;
  return kind;
}

Access draw_access(RandomSource& random) {
  Access out;
  out.kind = kind_of_percentile(static_cast<std::uint32_t>(random.below(100)));
  const bool has_ipv6 = random.below(100) < kIpv6Percent;
  for (const std::string_view name : kReference[out.kind].chain) {
    // Drawn for a gateway that is not there, too.
    const Duration replied = draw_between(random, kShortestReplied, kLongestReplied);
    const Duration absolute = draw_between(random, kShortestAbsolute, kLongestAbsolute);
    const bool ends_anyway = random.chance(1, kAbsoluteOneIn);
    if (name.empty()) continue;
    const NatSpec* spec = find_nat(name);
    KITH_CHECK(spec != nullptr);
    out.chain.push_back(*spec);
    out.chain.back().replied_timeout = replied;
    if (is_carrier(name) && ends_anyway) out.chain.back().absolute_timeout = absolute;
  }
  if (has_ipv6) {
    // A device with a public IPv4 address has no gateway at all.
    out.ipv6 = *find_nat(out.chain.empty() ? "open" : "firewall6");
    out.ipv6->udp_blocked = !out.chain.empty() && out.chain.front().udp_blocked;
  }
  return out;
}

}  // namespace kith::sim
