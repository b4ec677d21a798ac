#pragma once

// Attributes of files between the engine's terms and the system's.

#include <sys/stat.h>

#include <cstdint>

#include "kith/file.h"

namespace kith::io {

FileInfo file_info_of(const struct stat& info);

// Permission bits and the time of modification of an open file or directory; false and errno.
bool set_attributes(int fd, std::uint32_t mode, std::int64_t modified_ns);

}  // namespace kith::io
