#pragma once

// The text of a scenario's file.

#include <string>

#include "kith/result.h"

namespace kith::sim {

// Also of a pipe, to its end. not_found: "Cannot read PATH: why".
Result<std::string> read_file(const std::string& path);

}  // namespace kith::sim
