#pragma once

// What a scenario leaves to the seed, made explicit.
//
//   "population" --> "topology"     devices at sites behind drawn gateways, in pairs that can meet
//   "activity"   --> "workload"     what each pair does
//   "chaos"      --> "faults"       what goes wrong, where and when
//
// What comes out is a scenario document like any that a person wrote: it can be printed, kept,
// shrunk and run by itself. Running, capsules and shrinking know no other.

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace kith::sim {

// Whether a seed has anything to decide before the run begins.
bool is_drawn(const nlohmann::json& document);

// Throws JsonRefusal (json_reader.h), naming `file`. What is explicit already stays as it is.
nlohmann::json expand(const std::string& file, const nlohmann::json& document, std::uint64_t seed);

}  // namespace kith::sim
