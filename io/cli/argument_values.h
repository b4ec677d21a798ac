#pragma once

// What the values of options mean, for every program that takes them. Errors are
// invalid_argument with a hint, unless said otherwise.

#include <string>
#include <vector>

#include "kith/address.h"
#include "kith/result.h"

namespace kith::cli {

// A command line that cannot work. `message` becomes one line.
tl::unexpected<Error> usage(std::string message, std::string hint);

// `option` names the value in messages. io_error if the current directory cannot be read.
Result<std::string> absolute_directory(const std::string& option, const std::string& path);

// --home as typed, else $KITH_HOME, else ~/.kith; absolute.
Result<std::string> home_directory(const std::string& typed);

Result<Address> address_argument(const std::string& option, const std::string& text);

// HOST:PORT, where the host may be a name.
Result<void> check_host_and_port(const std::string& option, const std::string& text);

// Those of --at: each has to be where something can be reached.
Result<std::vector<Address>> peer_addresses(const std::vector<std::string>& texts);

// Whether --json is among the arguments, for reporting that they cannot be parsed.
bool wants_json(int argc, const char* const* argv);

}  // namespace kith::cli
