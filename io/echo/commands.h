#pragma once

// The commands of kith-echo. They report to `output` and return how to exit.

#include "io/cli/exit_code.h"
#include "io/echo/arguments.h"
#include "io/echo/output.h"

namespace kith::echo {

// Anyone may speak it: each stream that a peer opens carries back what it brings.
inline constexpr const char* kAlpn = "kith/echo/1";

cli::ExitCode run_command(const cli::GlobalOptions& global, const ListenArguments& arguments,
                          EchoOutput& output);
cli::ExitCode run_command(const cli::GlobalOptions& global, const DialArguments& arguments,
                          EchoOutput& output);

}  // namespace kith::echo
