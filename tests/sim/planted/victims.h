#pragma once

// Who has the bug: in every drawn world the first device sends and writes to the second, which
// shows the words when they pair.

#include "sim/world/world.h"

namespace kith::sim {

inline Device& sender(World& world) { return world.device(0); }
inline Device& receiver(World& world) { return world.device(1); }

}  // namespace kith::sim
