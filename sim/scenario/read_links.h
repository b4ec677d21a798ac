#pragma once

// Links as scenarios write them, and changes of links.

#include "sim/scenario/json_reader.h"
#include "sim/scenario/scenario.h"

namespace kith::sim {

// Megabits per second as bits per second.
std::uint64_t read_rate(const JsonValue& value);

// Both directions take the keys of `keys`; those under "back" stand for the way back alone. Keys
// not given are as in `there` and `back`.
void read_link_properties(JsonObject& keys, LinkSpec& there, LinkSpec& back);
// The same for an object that has no other keys.
void read_link_object(const JsonValue& value, LinkSpec& there, LinkSpec& back);

// The link between the two devices under "between", and whether it is named the other way round.
struct FoundLink {
  std::size_t index = 0;
  bool reversed = false;
};
FoundLink find_link(const JsonValue& between, const Names& names,
                    const std::vector<WireSpec>& wires);

std::pair<DeviceIndex, DeviceIndex> read_between(const JsonValue& between, const Names& names);

}  // namespace kith::sim
