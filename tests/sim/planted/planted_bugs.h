#pragma once

// Bugs for checkers to find, each in one device of a drawn world (sim/swarm/draw_swarm.h), which
// also hears an application of the other device (talk_step.h). They are planted from outside by
// what its machine does to it: what ships has no branch for them.

#include <string_view>
#include <vector>

namespace kith::sim {

class World;

struct PlantedBug {
  std::string_view name;
  std::string_view checker;  // that must see it
  // Others that may see it too, because it has consequences.
  std::vector<std::string_view> also;
  void (*plant)(World& world) = nullptr;  // before its devices start
};

const std::vector<PlantedBug>& planted_bugs();

}  // namespace kith::sim
