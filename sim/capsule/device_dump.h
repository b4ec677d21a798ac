#pragma once

// All there is to know about one device at one moment of a run, for people who look for the cause
// of a failure. schemas/capsule.md lists the keys.

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "sim/capsule/device_history.h"
#include "sim/world/world.h"

namespace kith::sim {

// A device by its name, or by its number from 0; nothing if there is none.
Device* find_device(World& world, const std::string& wanted);

// `history` is that device's, from the beginning of the run.
nlohmann::ordered_json dump_device(World& world, Device& device, const DeviceHistory& history);

}  // namespace kith::sim
