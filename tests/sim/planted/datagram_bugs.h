#pragma once

// Devices that send what they should not.

namespace kith::sim {

class World;

void answers_four_times(World& world);
void dials_in_circles(World& world);
void draws_the_same_again(World& world);
void asks_fifty_times(World& world);
void announces_fifty_times(World& world);
void keeps_alive_hundreds_of_times(World& world);
void spoils_most_of_its_data(World& world);

}  // namespace kith::sim
