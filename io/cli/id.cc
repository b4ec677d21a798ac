#include "io/cli/commands.h"
#include "kith/io/core.h"

namespace kith::cli {

ExitCode run_command(const GlobalOptions& global, const IdArguments& /*arguments*/,
                     Output& output) {
  io::CoreOptions options;
  options.home = global.home;
  const auto view = io::inspect_home(options);
  if (!view) {
    const ExitCode exit = exit_code(view.error().code, Origin::device);
    output.error(view.error(), exit);
    return exit;
  }
  output.identity(view->id, view->name);
  return kOk;
}

}  // namespace kith::cli
