#pragma once

// Messages, streams, commits, timers, randomness and transfers gone wrong.

namespace kith::sim {

class World;

void another_body(World& world);
void another_byte_of_a_stream(World& world);
void a_commit_forgotten(World& world);
void a_timer_that_circles(World& world);
void restored_with_its_randomness(World& world);
void a_transfer_offered_again(World& world);

}  // namespace kith::sim
