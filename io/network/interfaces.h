#pragma once

// The network interfaces of this machine, as they are now.

#include <vector>

#include "kith/network.h"

namespace kith::io {

// Those that are up and lead out of the machine, by index. Empty if the system does not tell.
std::vector<NetworkInterface> network_interfaces();

}  // namespace kith::io
