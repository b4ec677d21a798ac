#pragma once

// The file that holds the master key. Its format is in schemas/keyfile.md.

#include <string>

#include "kith/bytes.h"
#include "kith/engine.h"
#include "kith/result.h"

namespace kith::io {

Bytes encode_key_file(const MasterKey& key);

// `path` is for messages. Errors: corrupt (not a key file, cut short or damaged), limit_exceeded
// (a newer format).
Result<MasterKey> decode_key_file(ByteView bytes, const std::string& path);

// Reads the key of a home, or makes one from the system's randomness if the home has none. A file
// that is there is never overwritten. Errors: as decode_key_file; permission_denied (others may
// read it), no_space, io_error.
Result<MasterKey> load_or_create_key(const std::string& home);

}  // namespace kith::io
