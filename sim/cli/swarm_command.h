#pragma once

// kith-sim swarm.

#include <cstdint>
#include <string>

#include "kith/result.h"
#include "sim/scenario/workload.h"

namespace kith::sim {

struct SwarmOptions {
  std::string scenario;  // a file, or nothing: then every world is drawn
  std::string seeds;     // "A-B", or one
  std::string devices = "20";
  std::string time;  // seconds on the wall
  std::string jobs = "1";
  std::string capsules;  // a directory, or nothing
  bool must_hit = false;
  bool json = false;
};

// Exit codes: 0 all seeds clean, 1 a seed failed, or with `must_hit` something never fired, 2 an
// option makes no sense or no seed ran, 130 stopped by a signal before that.
int run_swarm_command(const SwarmOptions& options, const Handlers& handlers);

// Whether a name is "swarm" or begins with "swarm:".
bool means_swarm(const std::string& name);
// How many devices such a name says. invalid_argument: none that there can be.
Result<std::uint64_t> swarm_devices(const std::string& name);

}  // namespace kith::sim
