#pragma once

// Randomness from the operating system.

#include <span>

namespace kith::io {

// Fills `out`. Waits only in the first moments after the system has started.
void fill_with_entropy(std::span<std::byte> out);

}  // namespace kith::io
