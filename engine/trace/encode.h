#pragma once

// The canonical encoding of everything that goes into an engine and comes out of it. A variant is
// its alternative's tag and then its fields in the order of the header; an enumerator is its
// number. The trace hash is made of these bytes, and so are recordings.

#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>

#include "engine/trace/encoder.h"
#include "kith/engine.h"
#include "kith/input.h"
#include "kith/output.h"

namespace kith::trace {

// Rises whenever equal values get other bytes: a hash is compared only within one version.
inline constexpr std::uint32_t kEncodingVersion = 3;

void encode(Encoder& to, const Input& input);
void encode(Encoder& to, const Output& output);
void encode(Encoder& to, const Transmit& transmit);
void encode(Encoder& to, const Config& config);
void encode(Encoder& to, const RestoredState& restored);

// The tags of the alternatives in the order of their variant: for whoever reads them back.
std::span<const std::uint8_t> tags(std::type_identity<Input> of);
std::span<const std::uint8_t> tags(std::type_identity<Command> of);
std::span<const std::uint8_t> tags(std::type_identity<FileOutcome> of);

// The tag of the innermost alternative: of the command rather than that it is one.
using KindTag = std::uint8_t;
KindTag kind_of(const Input& input);
KindTag kind_of(const Output& output);

// What such a kind is called in the headers, "FileWrite"; "unknown" if it is of another version.
std::string_view kind_name(KindTag kind);

}  // namespace kith::trace
