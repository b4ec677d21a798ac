#pragma once

// The command line of kith-echo, parsed and checked.

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "io/cli/arguments.h"
#include "kith/address.h"
#include "kith/ids.h"
#include "kith/result.h"

namespace kith::echo {

struct ListenArguments {
  std::optional<Address> listen;
};
struct DialArguments {
  DeviceId device;
  std::vector<Address> at;
  std::uint64_t bytes = 0;
};

using CommandArguments = std::variant<ListenArguments, DialArguments>;

struct Invocation {
  cli::GlobalOptions global;
  CommandArguments command;
};

// Errors: invalid_argument, with a hint that names the help to read.
Result<std::variant<Invocation, cli::HelpText>> parse_arguments(int argc, const char* const* argv);

}  // namespace kith::echo
