// kith: pairs a person's devices with twelve words and moves files between them.

#include <exception>
#include <memory>
#include <variant>

#include "io/cli/argument_values.h"
#include "io/cli/arguments.h"
#include "io/cli/commands.h"
#include "io/cli/human_output.h"
#include "io/cli/json_output.h"

namespace kith::cli {
namespace {

std::unique_ptr<Output> make_output(bool json) {
  if (json) return std::make_unique<JsonOutput>(stdout, stderr);
  return std::make_unique<HumanOutput>(stdout, stderr, inspect_terminal(stdout, stderr));
}

ExitCode fail(const Error& error, Output& output) {
  const ExitCode exit = exit_code(error.code, Origin::device);
  output.error(error, exit);
  return exit;
}

ExitCode run(const Invocation& invocation, Output& output) {
  const ExitCode exit = std::visit(
      [&](const auto& arguments) { return run_command(invocation.global, arguments, output); },
      invocation.command);
  if (exit != kOk || output.good()) return exit;
  return fail({ErrorCode::io_error, "Standard output cannot be written.", ""}, output);
}

ExitCode run(int argc, const char* const* argv) {
  const auto parsed = parse_arguments(argc, argv);
  if (!parsed) return fail(parsed.error(), *make_output(wants_json(argc, argv)));
  if (const auto* help = std::get_if<HelpText>(&*parsed)) {
    write_text(stdout, help->text);
    return kOk;
  }
  const auto& invocation = std::get<Invocation>(*parsed);
  return run(invocation, *make_output(invocation.global.json));
}

}  // namespace
}  // namespace kith::cli

int main(int argc, char** argv) {
  try {
    return kith::cli::run(argc, argv);
  } catch (const std::exception& error) {
    // Out of memory, for instance: nothing that a command expects.
    const bool json = kith::cli::wants_json(argc, argv);
    return kith::cli::fail({kith::ErrorCode::internal, error.what(), ""},
                           *kith::cli::make_output(json));
  }
}
