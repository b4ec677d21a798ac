#pragma once

// Small files only their owner may read, written so that a crash leaves the old one or the new one.

#include <cstddef>
#include <optional>
#include <string>

#include "kith/bytes.h"
#include "kith/result.h"

namespace kith::io {

struct PrivateFile {
  Bytes bytes;
  unsigned mode = 0;  // permission bits
};

// Nothing if the file does not exist. Errors: limit_exceeded (longer than `max_bytes`),
// permission_denied (also for what is not a regular file), io_error.
Result<std::optional<PrivateFile>> read_private_file(const std::string& path,
                                                     std::size_t max_bytes);

enum class IfPresent {
  keep,  // already_exists, and nothing changes
  replace,
};

// Writes a temporary file beside it with mode 0600, makes that durable, gives it its name, and
// makes the name durable.
Result<void> write_private_file(const std::string& directory, const std::string& name,
                                ByteView bytes, IfPresent if_present);

// Makes names created or renamed in a directory durable.
Result<void> sync_directory(const std::string& directory);

}  // namespace kith::io
