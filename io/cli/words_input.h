#pragma once

// The twelve words of `kith join`, from the command line or standard input, checked before anything
// is opened or sent.

#include <string>
#include <string_view>
#include <vector>

#include "io/cli/exit_code.h"
#include "kith/result.h"

namespace kith::cli {

// The words as typed: one argument, twelve, or "-" for standard input, of which lines are read
// until there are twelve words. Errors: cancelled (interrupted while reading), io_error.
Result<std::string> gather_words(const std::vector<std::string>& arguments);

// Whether the words can be those of a device: their count, spelling and checksum.
Result<void> check_words(std::string_view words);

}  // namespace kith::cli
