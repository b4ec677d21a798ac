#include "io/cli/commands.h"
#include "io/cli/pairing_command.h"
#include "io/cli/reachable_addresses.h"

namespace kith::cli {
namespace {

class Pair final : public PairingCommand {
 public:
  Pair(const GlobalOptions& global, const PairArguments& arguments, Output& output)
      : PairingCommand(global, arguments.yes, output) {
    if (arguments.listen) options_.listen = {*arguments.listen};
    options_.engine.pairing_code_lifetime = arguments.expires;
  }

 private:
  void begin() override {
    core().init_networking([this](const Result<std::vector<Address>>& bound) { on_bound(bound); });
  }

  void on_bound(const Result<std::vector<Address>>& bound) {
    if (!bound) return fail(bound.error(), Origin::device);
    addresses_ = reachable_addresses(*bound, machine_addresses());
    core().start_pairing_as_initiator(
        pairing_options(), [this](const Result<io::PairingCode>& code) { on_code(code); });
  }

  void on_code(const Result<io::PairingCode>& code) {
    if (!code) return fail(code.error(), Origin::device);
    warn_if_nobody_can_confirm();
    core().await_paired(code->request,
                        [this](const Result<io::PairedDevice>& paired) { on_paired(paired); });
    output().pairing_code(code->words, code->expires_in, addresses_);
  }

  std::vector<Address> addresses_;
};

}  // namespace

ExitCode run_command(const GlobalOptions& global, const PairArguments& arguments, Output& output) {
  return Pair(global, arguments, output).run();
}

}  // namespace kith::cli
