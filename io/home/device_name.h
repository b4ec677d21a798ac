#pragma once

// What this device is called, in the home's file `name`: one line of UTF-8.

#include <string>

#include "kith/result.h"

namespace kith::io {

// Stores `wanted` unless it is empty. Otherwise gives the stored name, and at first the host name.
Result<std::string> load_or_store_device_name(const std::string& home, const std::string& wanted);

}  // namespace kith::io
