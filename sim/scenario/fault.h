#pragma once

// What goes wrong, each at one time and by one entry of a scenario's "faults".

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "kith/result.h"
#include "kith/time.h"
#include "sim/adversaries/spec.h"
#include "sim/disk/disk_faults.h"
#include "sim/network/link.h"
#include "sim/network/network.h"
#include "sim/world/crash.h"
#include "sim/world/device.h"
#include "sim/world/pause.h"
#include "sim/world/topology.h"

namespace kith::sim {

// Of what waits for something to happen.
inline constexpr Duration kForEver = Duration::max();

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
enum class GatewayMishap : std::uint8_t {
  reboot,
  rebind,
  renumber,
  exhaust,  // hosts inside that nobody else sees fill the table of its NAT, or take all its ports
};
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
  PowerLoss loss;
};
// From then on, a device waits for an effect to die at, for so long at most.
struct CrashAtEffectFault {
  DeviceIndex device = 0;
  Crash crash;
  Duration waiting = kForEver;
};
struct PauseFault {
  DeviceIndex device = 0;
  Pause pause;
};
struct ClockRateFault {
  DeviceIndex device = 0;
  std::int32_t ppm = 0;
};
struct ClockJumpFault {
  DeviceIndex device = 0;
  Duration by{};
};
struct SendErrorsFault {
  DeviceIndex device = 0;
  Duration lasting{};
};
struct BitRotFault {
  DeviceIndex device = 0;
  std::string path;  // empty: any file
};
struct DiskFullFault {
  DeviceIndex device = 0;
  Duration lasting{};
};
struct DiskErrorFault {
  DeviceIndex device = 0;
  DiskOperation operation = DiskOperation::any;
  std::uint64_t nth = 0;  // 0: all of them while it lasts
  Duration lasting = kForEver;
};
struct StoreErrorFault {
  DeviceIndex device = 0;
  ErrorCode code = ErrorCode::io_error;
  std::uint64_t nth = 0;  // 0: all commits while it lasts
  Duration lasting = kForEver;
};
struct DiskSlowFault {
  DeviceIndex device = 0;
  Duration lasting{};
  std::uint32_t factor = 1;
};

using FaultAction =
    std::variant<LinkFault, LineFault, NetworkFault, GatewayFault, PartitionFault, StopFault,
                 CrashAtEffectFault, PauseFault, ClockRateFault, ClockJumpFault, SendErrorsFault,
                 BitRotFault, DiskFullFault, DiskErrorFault, StoreErrorFault, DiskSlowFault,
                 SpooferSpec, LanLiarSpec, StaleRecordsSpec, DhtSybilsSpec, PortGrabberSpec>;

struct Fault {
  Duration at{};
  FaultAction what;
};

}  // namespace kith::sim
