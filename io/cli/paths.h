#pragma once

// Paths as typed on the command line, made fit for the core.

#include <string>

#include "kith/result.h"

namespace kith::cli {

// An absolute path whose last component is the name to send: "dir/" is dir, "." is the current
// directory by its name. Links on the way are followed, one at the end is not. Errors: not_found,
// permission_denied, io_error.
Result<std::string> absolute_source(const std::string& typed);

// Makes `directory` if only it is missing, not its parents. Errors: as above.
Result<void> ensure_directory(const std::string& directory);

}  // namespace kith::cli
