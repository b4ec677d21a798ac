#pragma once

// The directory that makes a device: its key, its name, its records, and who uses them now.
//
//   key       the master key (schemas/keyfile.md)
//   name      what the device is called
//   store.db  what the engine remembers (io/store)
//   lock      held by the process that networks

#include <string>

#include "kith/engine.h"
#include "kith/result.h"

namespace kith::io {

struct Home {
  std::string directory;  // absolute
  MasterKey key;
  std::string device_name;

  std::string store_path() const { return directory + "/store.db"; }
};

// The absolute path of a home, which is created with mode 0700 if it is absent, its parents with
// the usual mode. Errors: permission_denied, not_found (a file is in the way), no_space, io_error.
Result<std::string> ensure_home(const std::string& directory);

// Opens a home, with a new identity if it has none. Errors: those of ensure_home,
// load_or_create_key and load_or_store_device_name.
Result<Home> open_home(const std::string& directory, const std::string& wanted_device_name);

}  // namespace kith::io
