#pragma once

// What goes wrong, each at one time and by one entry of a scenario's "faults".

#include <cstddef>
#include <variant>

#include "kith/time.h"
#include "sim/network/link.h"
#include "sim/world/device.h"

namespace kith::sim {

// From then on, a link is as given.
struct LinkFault {
  std::size_t link = 0;  // of Scenario::links
  LinkSpec there;
  LinkSpec back;
};
// A device ends and starts again after `down`.
struct StopFault {
  DeviceIndex device = 0;
  Ending ending = Ending::killed;
  Duration down{};
};

struct Fault {
  Duration at{};
  std::variant<LinkFault, StopFault> what;
};

}  // namespace kith::sim
