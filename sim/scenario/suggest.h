#pragma once

// What a refusal of an unknown name adds to itself.

#include <string>
#include <string_view>
#include <vector>

namespace kith::sim {

// Who there is, where they are few: "; known: alice, bob". Where they are many, who is meant, if
// one is spelt nearly so: "; did you mean "device-12"?".
std::string suggest(std::string_view wanted, const std::vector<std::string_view>& known);

}  // namespace kith::sim
