#pragma once

// Many seeds, each a world of its own (draw_swarm.h) or all of one scenario, in several processes.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/scenario/report.h"
#include "sim/scenario/scenario.h"
#include "sim/scenario/workload.h"

namespace kith::sim {

struct SwarmSpec {
  std::function<Scenario(std::uint64_t seed)> scenario;  // what a seed is run as
  std::uint64_t first_seed = 0;
  std::uint64_t last_seed = 0;
  unsigned jobs = 1;
  std::optional<Duration> time;  // on the wall; then no further seed is begun
  std::string capsules;          // a directory for those of seeds that fail, or nothing
};

// What came of one seed. Of one whose process died there is `death` alone.
struct SwarmOutcome {
  std::uint64_t seed = 0;
  bool ok = false;
  std::string death;
  std::string trace_hash;
  std::vector<Finding> failures;  // violations, and expectations that were not met
  std::uint64_t datagrams = 0;
  double virtual_s = 0;
  double cpu_s = 0;
  std::map<std::string, std::uint64_t> probes;  // what fired, and how often
  std::string capsule;                          // where it was written, or nothing
  std::string capsule_fault;                    // why it was not, though it should have been
};

// A world of its own, of an even number of devices. It is never refused.
Scenario swarm_scenario(std::uint64_t seed, std::uint64_t devices, const Handlers& handlers);

// One seed, here.
SwarmOutcome run_seed(const SwarmSpec& spec, std::uint64_t seed);

// All of them. `on_outcome` hears of each as it is done, in any order. `stopped` and errors:
// Workers::run.
Result<void> run_swarm(const SwarmSpec& spec,
                       const std::function<void(const SwarmOutcome&)>& on_outcome,
                       const std::function<bool()>& stopped = {});

}  // namespace kith::sim
