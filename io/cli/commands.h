#pragma once

// The commands of the program, one file each. They report to `output` and return how to exit.

#include "io/cli/arguments.h"
#include "io/cli/exit_code.h"
#include "io/cli/output.h"

namespace kith::cli {

ExitCode run_command(const GlobalOptions& global, const IdArguments& arguments, Output& output);
ExitCode run_command(const GlobalOptions& global, const DevicesArguments& arguments,
                     Output& output);
ExitCode run_command(const GlobalOptions& global, const PairArguments& arguments, Output& output);
ExitCode run_command(const GlobalOptions& global, const JoinArguments& arguments, Output& output);
ExitCode run_command(const GlobalOptions& global, const ReceiveArguments& arguments,
                     Output& output);
ExitCode run_command(const GlobalOptions& global, const SendArguments& arguments, Output& output);
ExitCode run_command(const GlobalOptions& global, const MessageArguments& arguments,
                     Output& output);

}  // namespace kith::cli
