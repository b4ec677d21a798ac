#pragma once

#include <optional>
#include <string>

#include "kith/result.h"
#include "kith/time.h"

namespace kith::sim {

// A time that an option gives, in seconds with a fraction; nothing if it was not given. An error,
// invalid_argument, names the option.
Result<std::optional<Duration>> read_seconds(const std::string& option, const std::string& text);

}  // namespace kith::sim
