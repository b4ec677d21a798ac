#pragma once

// The canonical encoding of everything that goes into an engine and comes out of it. A variant is
// its alternative's tag and then its fields in the order of the header; an enumerator is its
// number. The trace hash is made of these bytes, and recordings will be.

#include <cstdint>

#include "engine/trace/encoder.h"
#include "kith/engine.h"
#include "kith/input.h"
#include "kith/output.h"

namespace kith::trace {

// Rises whenever equal values get other bytes: a hash is compared only within one version.
inline constexpr std::uint32_t kEncodingVersion = 2;

void encode(Encoder& to, const Input& input);
void encode(Encoder& to, const Output& output);
void encode(Encoder& to, const Transmit& transmit);
void encode(Encoder& to, const Config& config);
void encode(Encoder& to, const RestoredState& restored);

}  // namespace kith::trace
