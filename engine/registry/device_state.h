#pragma once

// The states of a device as this one sees it, and the only moves between them.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "kith/event.h"

namespace kith {

enum class DeviceTrigger : std::uint8_t {
  found,               // discovery has seen it
  pairing_begun,       // its identity arrived under a confirmed key
  pairing_failed,      // refused, lost or timed out before anything was stored
  secret_stored,       // this side's record is durable
  peer_committed,      // the peer's authenticated commit arrived and is durable
  connection_opened,   // proven by the pairing secret
  connections_closed,  // the last one
  removed,             // forgotten on request
  blocked,             // refused from now on
};

inline constexpr std::size_t kDeviceStates = 8;  // absent, then those of DeviceState
inline constexpr std::size_t kDeviceTriggers = 9;

std::string_view to_string(DeviceTrigger trigger);

// Absent (the device is not in the registry) is the empty optional, before and after.
struct DeviceTransition {
  bool legal = false;
  std::optional<DeviceState> to;
};

DeviceTransition device_transition(std::optional<DeviceState> from, DeviceTrigger trigger);

}  // namespace kith
