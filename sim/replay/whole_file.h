#pragma once

// A file that is there as a whole or not at all: it is written beside its place under a temporary
// name, synced and renamed.

#include <cstdint>
#include <string>

#include "kith/bytes.h"

namespace kith::sim {

// What becomes of a file that has the name already.
enum class Existing : std::uint8_t { kept, replaced };

// The error, or 0. EEXIST: there is one, and it is kept.
int write_whole_file(const std::string& path, ByteView bytes, Existing existing);

// Before a long run: the error that a new file in the directory of `path` would meet, or 0.
int check_directory_of(const std::string& path);

}  // namespace kith::sim
