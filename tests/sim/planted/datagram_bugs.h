#pragma once

// Devices that send what they should not.

namespace kith::sim {

class World;

void answers_four_times(World& world);
void dials_in_circles(World& world);
void draws_the_same_again(World& world);

}  // namespace kith::sim
