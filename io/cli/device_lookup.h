#pragma once

// NAME|ID on the command line: which device is meant.

#include <string_view>
#include <vector>

#include "kith/event.h"
#include "kith/result.h"

namespace kith::cli {

// Errors: not_found, and invalid_argument when several devices have the name (the message lists
// their ids).
Result<DeviceSummary> find_device(const std::vector<DeviceSummary>& devices,
                                  std::string_view name_or_id);

// The same among devices this one is paired with. Errors: refused instead of not_found, and for a
// device that is blocked.
Result<DeviceSummary> find_paired_device(const std::vector<DeviceSummary>& devices,
                                         std::string_view name_or_id);

}  // namespace kith::cli
