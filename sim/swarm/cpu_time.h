#pragma once

// What this process has cost so far.

#include <ctime>

namespace kith::sim {

inline double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

}  // namespace kith::sim
