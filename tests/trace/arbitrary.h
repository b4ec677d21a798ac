#pragma once

// Any input an engine can be given, for properties of its encoding. Values are made from the table
// in engine/trace/fields.h, so that a new alternative is covered when it is there.

#include <rapidcheck.h>

#include <deque>

#include "kith/engine.h"
#include "kith/input.h"

namespace kith::trace {

// An input with the bytes that a DatagramsReceived borrows.
struct OwnedInput {
  Input input;
  std::deque<Bytes> lent;
};

// The alternatives of Input, the last of which is Command, and those of Command after them.
inline constexpr std::size_t kInputKinds =
    std::variant_size_v<Input> - 1 + std::variant_size_v<Command>;
OwnedInput arbitrary_input(std::size_t kind);

Config arbitrary_config();
RestoredState arbitrary_restored();

}  // namespace kith::trace
