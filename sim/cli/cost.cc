#include "sim/cli/cost.h"

#include <fstream>
#include <string>

#include "sim/swarm/cpu_time.h"

namespace kith::sim {
namespace {

// getrusage() would count what the program that started this one had.
double peak_mib() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    double kib = 0;
    if (word == "VmHWM:" && status >> kib) return kib / 1024;
  }
  return 0;
}

}  // namespace

CostMeter::CostMeter() : wall_then_(std::chrono::steady_clock::now()), cpu_then_(cpu_seconds()) {}

Cost CostMeter::read() const {
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - wall_then_;
  return {wall.count(), cpu_seconds() - cpu_then_, peak_mib()};
}

}  // namespace kith::sim
