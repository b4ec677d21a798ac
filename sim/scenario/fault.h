#pragma once

// What goes wrong, each at one time and by one entry of a scenario's "faults".

#include <cstddef>
#include <cstdint>
#include <variant>
#include <vector>

#include "kith/time.h"
#include "sim/network/link.h"
#include "sim/network/network.h"
#include "sim/world/device.h"
#include "sim/world/topology.h"

namespace kith::sim {

// From then on, a wire is as given.
struct LinkFault {
  std::size_t wire = 0;  // of TopologySpec::wires
  LinkSpec there;
  LinkSpec back;
};
// The same for the line of a site.
struct LineFault {
  SiteId site = 0;
  LinkSpec up;
  LinkSpec down;
};
// A device's link to one of its networks is as given, and it has come to the network or left it.
struct NetworkFault {
  DeviceIndex device = 0;
  std::size_t network = 0;
  LinkSpec up;
  LinkSpec down;
  bool connected = true;
  bool ipv6 = true;  // false: its IPv6 addresses are gone, or do not come
};
enum class GatewayMishap : std::uint8_t { reboot, rebind, renumber };
struct GatewayFault {
  SiteId site = 0;
  GatewayMishap mishap = GatewayMishap::reboot;
};
// Sites and devices are put on an island that is cut off, or reached again.
struct PartitionFault {
  std::vector<SiteId> sites;
  std::vector<DeviceIndex> devices;
  unsigned island = 0;
  Network::Cut cut = Network::Cut::both;
};
// A device ends and starts again after `down`.
struct StopFault {
  DeviceIndex device = 0;
  Ending ending = Ending::killed;
  Duration down{};
};

struct Fault {
  Duration at{};
  std::variant<LinkFault, LineFault, NetworkFault, GatewayFault, PartitionFault, StopFault> what;
};

}  // namespace kith::sim
