#include "io/cli/program.h"

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

ExitCode run(int argc, const char* const* argv, io::EffectHook& effects) {
  auto parsed = parse_arguments(argc, argv);
  if (!parsed) return fail(parsed.error(), *make_output(wants_json(argc, argv)));
  if (const auto* help = std::get_if<HelpText>(&*parsed)) {
    write_text(stdout, help->text);
    return kOk;
  }
  auto& invocation = std::get<Invocation>(*parsed);
  invocation.global.effects = &effects;
  return run(invocation, *make_output(invocation.global.json));
}

}  // namespace

int run_program(int argc, const char* const* argv, io::EffectHook& effects) {
  try {
    return run(argc, argv, effects);
  } catch (const std::exception& error) {
    // Out of memory, for instance: nothing that a command expects.
    return fail({ErrorCode::internal, error.what(), ""}, *make_output(wants_json(argc, argv)));
  }
}

}  // namespace kith::cli
