#pragma once

// Capsules on disk.

#include <string>

#include "kith/result.h"
#include "sim/capsule/capsule.h"

namespace kith::sim {

// Before a long run: whether there is a place for a new file at `path`. Errors: already_exists,
// io_error.
Result<void> check_capsule_path(const std::string& path);

// The whole file or none, never over one that exists. Errors: already_exists, io_error.
Result<void> write_capsule(const Capsule& capsule, const std::string& path);

// Errors: not_found, io_error, invalid_argument (a directory), corrupt.
Result<Capsule> read_capsule(const std::string& path);

// Whether the file begins as capsules do; false if it cannot be read. A pipe can be read only once,
// and is not touched.
bool is_capsule(const std::string& path);

}  // namespace kith::sim
