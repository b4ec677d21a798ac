#include <fmt/format.h>

#include "engine/base/text.h"
#include "io/cli/commands.h"
#include "io/cli/network_command.h"
#include "io/cli/paths.h"
#include "io/cli/reachable_addresses.h"

namespace kith::cli {
namespace {

using Accept = SetReceivePolicy::Accept;

// With --once: how long the sender has to take in the outcome. It leaves as soon as it has; one
// that stays connected for something else is not waited for.
constexpr std::chrono::seconds kFarewellPatience{2};

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
    receive_message();
  }

  // Acknowledged once it is shown: one that could not be comes again.
  void receive_message() {
    core().receive_message([this](const Result<MessageReceived>& message) {
      if (!message) return;  // the core stops
      output().message(*message, name_of(message->device));
      if (output().good()) core().acknowledge_message(message->device, message->message);
      receive_message();
    });
  }

  void on_event(const Event& event) override {
    std::visit([this](const auto& kind) { on(kind); }, event);
  }

  template <class Other>
  void on(const Other& /*event*/) {}

  void on(const DeviceChanged& changed) {
    if (last_peer_ == changed.device.id && changed.device.state != DeviceState::connected) end();
  }

  void on(const TransferOffered& offer) {
    if (last_peer_) return core().cancel_transfer(offer.transfer);
    peers_[offer.transfer] = offer.device;
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
    end_after(transfer.transfer);
  }

  void on(const TransferFailed& transfer) {
    if (transfer.direction != TransferDirection::receiving) return;
    end_progress(transfer);
    if (arguments_.once) {
      error_ = transfer.error;
    } else {
      output().transfer_failed(transfer);
    }
    end_after(transfer.transfer);
  }

  void end_after(TransferId transfer) {
    const auto peer = peers_.extract(transfer);
    if (!arguments_.once || last_peer_ || peer.empty()) return;
    last_peer_ = peer.mapped();
    patience_.expires_after(kFarewellPatience);
    patience_.async_wait([this](const boost::system::error_code& error) {
      if (!error) end();
    });
    core().devices([this](const std::vector<DeviceSummary>& devices) { end_if_alone(devices); });
  }

  // The sender may have gone before it was waited for.
  void end_if_alone(const std::vector<DeviceSummary>& devices) {
    const auto peer = std::find_if(devices.begin(), devices.end(), [this](const auto& device) {
      return device.id == last_peer_ && device.state == DeviceState::connected;
    });
    if (peer == devices.end()) end();
  }

  void end() {
    patience_.cancel();
    if (error_) return fail(*error_, Origin::peer);
    finish();
  }

  ReceiveArguments arguments_;
  std::map<TransferId, DeviceId> peers_;  // of transfers that have not ended
  std::optional<DeviceId> last_peer_;     // with --once: of the transfer that ended
  std::optional<Error> error_;            // of that transfer
  boost::asio::steady_timer patience_{context()};
};

}  // namespace

ExitCode run_command(const GlobalOptions& global, const ReceiveArguments& arguments,
                     Output& output) {
  return Receive(global, arguments, output).run();
}

}  // namespace kith::cli
