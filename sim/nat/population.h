#pragma once

// Through what kinds of gateways devices reach the internet, and how often: the reference
// population that the project measures itself against. Weights are in percent of all devices.
//
// That every fourth carrier ends its mappings after 50 to 75 s whatever passes is an assumption:
// such carriers are known, their share is not.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "engine/base/random.h"
#include "sim/nat/nat_spec.h"

namespace kith::sim {

struct AccessKind {
  std::string_view name;
  std::uint32_t percent = 0;
  // Names of NATs, from the device outwards; an empty name ends the chain, which may be empty.
  std::string_view chain[2];
};

// They sum up to 100.
std::span<const AccessKind> reference_population();
inline constexpr std::uint32_t kIpv6Percent = 46;

// How one device, or all devices of one site, reach the internet.
struct Access {
  std::size_t kind = 0;        // of reference_population()
  std::vector<NatSpec> chain;  // IPv4, from the device outwards; empty: a public address
  // The gateway before a public IPv6 address; nothing where there is no IPv6.
  std::optional<NatSpec> ipv6;
};

// Which kind a number below 100 stands for: as many numbers for each as its weight.
std::size_t kind_of_percentile(std::uint32_t percentile);

// It takes the same number of draws whatever comes of them.
Access draw_access(RandomSource& random);

}  // namespace kith::sim
