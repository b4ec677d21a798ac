#pragma once

// Reports as people and programs read them.

#include <string>

#include "sim/cli/cost.h"
#include "sim/scenario/report.h"

namespace kith::sim {

// One line, with the keys that sim/README.md lists.
std::string to_json(const Report& report, const Cost& cost);

// A summary of several lines.
std::string to_text(const Report& report, const Cost& cost);

// How to see a failure again: the seed, the commit this program was built from and the command.
// `until` is what the run was given, or empty.
std::string replay_hint(const Report& report, const std::string& scenario,
                        const std::string& until);

}  // namespace kith::sim
