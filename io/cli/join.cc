#include "io/cli/commands.h"
#include "io/cli/pairing_command.h"
#include "io/cli/words_input.h"

namespace kith::cli {
namespace {

class Join final : public PairingCommand {
 public:
  Join(const GlobalOptions& global, const JoinArguments& arguments, std::string words,
       Output& output)
      : PairingCommand(global, arguments.yes, output),
        words_(std::move(words)),
        addresses_(arguments.at) {}

 private:
  void begin() override {
    core().init_networking([this](const Result<std::vector<Address>>& bound) { on_bound(bound); });
  }

  void on_bound(const Result<std::vector<Address>>& bound) {
    if (!bound) return fail(bound.error(), Origin::device);
    warn_if_nobody_can_confirm();
    core().start_pairing_as_joiner(
        words_, addresses_, pairing_options(),
        [this](const Result<io::PairedDevice>& paired) { on_paired(paired); });
  }

  std::string words_;
  std::vector<Address> addresses_;
};

ExitCode fail_words(const Error& error, Output& output) {
  const ExitCode exit = exit_code(error.code, Origin::words);
  output.error(error, exit);
  return exit;
}

}  // namespace

ExitCode run_command(const GlobalOptions& global, const JoinArguments& arguments, Output& output) {
  auto words = gather_words(arguments.words);
  if (!words) return fail_words(words.error(), output);
  if (const auto good = check_words(*words); !good) return fail_words(good.error(), output);
  return Join(global, arguments, std::move(*words), output).run();
}

}  // namespace kith::cli
