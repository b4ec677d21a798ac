#include <fmt/format.h>

#include "engine/base/text.h"
#include "io/cli/commands.h"
#include "io/cli/network_command.h"
#include "io/cli/paths.h"
#include "io/cli/reachable_addresses.h"

namespace kith::cli {
namespace {

using Accept = SetReceivePolicy::Accept;

class Receive final : public NetworkCommand {
 public:
  Receive(const GlobalOptions& global, const ReceiveArguments& arguments, Output& output)
      : NetworkCommand(global, output), arguments_(arguments) {
    if (arguments.listen) options_.listen = {*arguments.listen};
    if (arguments.accept == Accept::ask && !somebody_is_there()) arguments_.accept = Accept::none;
  }

 private:
  void begin() override {
    if (const auto made = ensure_directory(arguments_.inbox); !made) {
      return fail(made.error(), Origin::device);
    }
    // An offer that nobody will accept is answered here, so that its refusal is seen.
    const Accept policy = arguments_.accept == Accept::all ? Accept::all : Accept::ask;
    const auto set = core().set_receive_policy(policy, arguments_.inbox);
    if (!set) return fail(set.error(), Origin::device);
    core().init_networking([this](const Result<std::vector<Address>>& bound) { on_bound(bound); });
  }

  void on_bound(const Result<std::vector<Address>>& bound) {
    if (!bound) return fail(bound.error(), Origin::device);
    if (arguments_.accept == Accept::none) {
      output().note(
          "kith: Every transfer will be refused. --accept all takes them, and on a "
          "terminal --accept ask lets you choose.");
    }
    output().listening(core().id(), reachable_addresses(*bound, machine_addresses()),
                       arguments_.inbox);
  }

  void on_event(const Event& event) override {
    std::visit([this](const auto& kind) { on(kind); }, event);
  }

  template <class Other>
  void on(const Other& /*event*/) {}

  void on(const TransferOffered& offer) {
    output().incoming(offer, name_of(offer.device));
    if (!offer.decision_needed) return;
    const TransferId transfer = offer.transfer;
    if (arguments_.accept == Accept::none) return core().answer_transfer(transfer, false);
    questions().ask("Accept?",
                    [this, transfer](bool yes) { core().answer_transfer(transfer, yes); });
  }

  void on(const TransferProgress& progress) {
    if (progress.direction == TransferDirection::receiving) show_progress(progress);
  }

  void on(const ItemCompleted& item) {
    if (item.direction == TransferDirection::receiving) output().item_completed(item, item.path);
  }

  void on(const TransferCompleted& transfer) {
    if (transfer.direction != TransferDirection::receiving) return;
    end_progress(transfer);
    output().transfer_completed(transfer);
    if (arguments_.once) finish();
  }

  void on(const TransferFailed& transfer) {
    if (transfer.direction != TransferDirection::receiving) return;
    end_progress(transfer);
    if (arguments_.once) return fail(transfer.error, Origin::peer);
    output().transfer_failed(transfer);
  }

  ReceiveArguments arguments_;
};

}  // namespace

ExitCode run_command(const GlobalOptions& global, const ReceiveArguments& arguments,
                     Output& output) {
  return Receive(global, arguments, output).run();
}

}  // namespace kith::cli
