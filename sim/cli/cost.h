#pragma once

// What a run costs the machine. It differs between two runs of one seed, so it is no part of what a
// run came to (sim/scenario/report.h).

#include <chrono>

namespace kith::sim {

struct Cost {
  double wall_s = 0;
  double cpu_s = 0;
  double peak_mib = 0;  // the most memory this process had at a time; 0 if the system does not say
};

class CostMeter {
 public:
  CostMeter();

  // Since it was made; the peak is since the process began.
  Cost read() const;

 private:
  std::chrono::steady_clock::time_point wall_then_;
  double cpu_then_;
};

}  // namespace kith::sim
