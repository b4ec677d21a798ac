#pragma once

// Engines that take others for whom they are not.

namespace kith::sim {

class World;

void a_stranger_for_a_peer(World& world);
void asks_twice_after_one_guess(World& world);

}  // namespace kith::sim
