#pragma once

// Reads back what encode.h wrote. Only the one encoding of each value is accepted: what decodes
// encodes to the same bytes again. Bytes that no engine was ever given decode to nothing.

#include <optional>

#include "kith/bytes.h"
#include "kith/engine.h"
#include "kith/input.h"

namespace kith::trace {

// The datagrams of a DatagramsReceived are views into `bytes`.
std::optional<Input> decode_input(ByteView bytes);
std::optional<Config> decode_config(ByteView bytes);
std::optional<RestoredState> decode_restored(ByteView bytes);

}  // namespace kith::trace
