#pragma once

// Times as people and JSON read them. Never for a decision: see chance.h.

#include "kith/time.h"

namespace kith::sim {

inline double seconds_of(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}
// Since the beginning of the world.
inline double seconds_of(Instant at) { return seconds_of(at - Instant{}); }

}  // namespace kith::sim
