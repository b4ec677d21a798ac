// kith-echo: sends bytes to a device that sends them back. A small program on the application side
// of kith, and the counterpart of other implementations in tests.

#include <exception>

#include "io/cli/argument_values.h"
#include "io/echo/commands.h"

namespace kith::echo {
namespace {

cli::ExitCode fail(const Error& error, EchoOutput& output) {
  const cli::ExitCode exit = cli::exit_code(error.code, cli::Origin::device);
  output.common().error(error, exit);
  return exit;
}

cli::ExitCode run(const Invocation& invocation) {
  EchoOutput output(invocation.global.json);
  const cli::ExitCode exit = std::visit(
      [&](const auto& arguments) { return run_command(invocation.global, arguments, output); },
      invocation.command);
  if (exit != cli::kOk || output.common().good()) return exit;
  return fail({ErrorCode::io_error, "Standard output cannot be written.", ""}, output);
}

cli::ExitCode run(int argc, const char* const* argv) {
  const auto parsed = parse_arguments(argc, argv);
  if (!parsed) {
    EchoOutput output(cli::wants_json(argc, argv));
    return fail(parsed.error(), output);
  }
  if (const auto* help = std::get_if<cli::HelpText>(&*parsed)) {
    cli::write_text(stdout, help->text);
    return cli::kOk;
  }
  return run(std::get<Invocation>(*parsed));
}

}  // namespace
}  // namespace kith::echo

int main(int argc, char** argv) {
  try {
    return kith::echo::run(argc, argv);
  } catch (const std::exception& error) {
    // Out of memory, for instance: nothing that a command expects.
    kith::echo::EchoOutput output(kith::cli::wants_json(argc, argv));
    return kith::echo::fail({kith::ErrorCode::internal, error.what(), ""}, output);
  }
}
