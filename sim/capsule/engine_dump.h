#pragma once

// What an engine says of itself, for people who look for the cause of a failure.
// schemas/capsule.md lists the keys.

#include <nlohmann/json_fwd.hpp>

#include "kith/engine.h"

namespace kith::sim {

// `now` by the clock of the engine's device.
nlohmann::ordered_json dump_engine(const Engine& engine, Instant now);

// The same keys where none runs.
nlohmann::ordered_json dump_no_engine();

}  // namespace kith::sim
