#pragma once

// The text of a scenario's file.

#include <string>

#include "kith/result.h"

namespace kith::sim {

// not_found: "Cannot read PATH: why". Only a regular file is read: a replay reads it again, and
// nothing else is sure to end.
Result<std::string> read_file(const std::string& path);

}  // namespace kith::sim
