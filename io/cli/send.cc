#include <map>

#include "io/cli/commands.h"
#include "io/cli/paths.h"
#include "io/cli/peer_command.h"

namespace kith::cli {
namespace {

class Send final : public PeerCommand {
 public:
  Send(const GlobalOptions& global, const SendArguments& arguments, Output& output)
      : PeerCommand(global, output), arguments_(arguments) {}

 private:
  void begin() override {
    for (const std::string& typed : arguments_.paths) {
      const auto path = absolute_source(typed);
      if (!path) return fail(path.error(), Origin::device);
      paths_.push_back(*path);
      typed_.emplace(*path, typed);
    }
    find_peer(arguments_.to, arguments_.at);
  }

  void on_ready() override {
    core().share_with_device(paths_, peer(), {.request = {}, .destination = arguments_.destination},
                             [this](const Result<io::StartedTransfer>& started) {
                               if (!started) fail(started.error(), Origin::peer);
                             });
  }

  // All the rest is told by events, which come in order.
  void on_event(const Event& event) override {
    std::visit([this](const auto& kind) { on(kind); }, event);
  }

  template <class Other>
  void on(const Other& /*event*/) {}

  void on(const TransferStarted& transfer) {
    output().sending(transfer.bytes_total, name_of(transfer.device));
  }

  void on(const TransferProgress& progress) {
    if (progress.direction == TransferDirection::sending) show_progress(progress);
  }

  void on(const ItemCompleted& item) {
    if (item.direction == TransferDirection::sending) show_sent(item);
  }

  void on(const TransferCompleted& transfer) {
    if (transfer.direction != TransferDirection::sending) return;
    end_progress(transfer);
    output().transfer_completed(transfer);
    finish();
  }

  void on(const TransferFailed& transfer) {
    if (transfer.direction != TransferDirection::sending) return;
    end_progress(transfer);
    fail(transfer.error, Origin::peer);
  }

  // The path as the person typed it.
  void show_sent(const ItemCompleted& item) {
    const auto typed = typed_.find(item.path);
    output().item_completed(item, typed == typed_.end() ? item.path : typed->second);
  }

  SendArguments arguments_;
  std::vector<std::string> paths_;
  std::map<std::string, std::string> typed_;  // absolute path -> as typed
};

}  // namespace

ExitCode run_command(const GlobalOptions& global, const SendArguments& arguments, Output& output) {
  return Send(global, arguments, output).run();
}

}  // namespace kith::cli
