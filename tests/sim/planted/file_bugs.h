#pragma once

// A receiver that does its files wrong.

namespace kith::sim {

class World;

void wrong_permissions(World& world);
void files_made_in_their_place(World& world);
void a_write_for_a_stranger(World& world);
void syncs_left_out(World& world);
void removes_the_persons_file(World& world);
void changes_what_is_elsewhere(World& world);
void files_left_open(World& world);

}  // namespace kith::sim
