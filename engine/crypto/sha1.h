#pragma once

// SHA-1 (FIPS 180-4): names in the Mainline DHT, and nothing else. It resists no collision.

#include <array>
#include <cstddef>
#include <initializer_list>

#include "kith/bytes.h"

namespace kith {

// The hash of the parts one after the other.
std::array<std::byte, 20> sha1(std::initializer_list<ByteView> parts);

}  // namespace kith
