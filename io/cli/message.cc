#include <cstdio>
#include <nlohmann/json.hpp>

#include "io/cli/commands.h"
#include "io/cli/peer_command.h"

namespace kith::cli {
namespace {

// What the engine takes; one byte more is enough to know that there is too much.
constexpr std::size_t kMaxBodyBytes = 64 * 1024;

class SendOneMessage final : public PeerCommand {
 public:
  SendOneMessage(const GlobalOptions& global, MessageArguments arguments, Output& output)
      : PeerCommand(global, output), arguments_(std::move(arguments)) {}

 private:
  void begin() override { find_peer(arguments_.to, arguments_.at); }

  void on_ready() override {
    io::MessageOptions options;
    request_ = options.request = core().new_request();
    core().send_message(peer(), arguments_.body, options,
                        [this](const Result<io::QueuedMessage>& queued) {
                          if (!queued) fail(queued.error(), Origin::device);
                        });
  }

  void on_event(const Event& event) override {
    std::visit([this](const auto& kind) { on(kind); }, event);
  }

  template <class Other>
  void on(const Other& /*event*/) {}

  void on(const MessageQueued& queued) {
    if (queued.request == request_) output().message_queued(queued);
    if (queued.request == request_) queued_ = true;
  }

  void on(const MessageDelivered& delivered) {
    output().message_delivered(delivered);
    if (delivered.request == request_) finish();
  }

  void on(const MessagesDelayed& delayed) {
    if (delayed.device != peer() || !queued_) return;
    Error error = delayed.error;
    error.hint = "The message is kept and goes out with the next command that reaches the device.";
    fail(error, Origin::peer);
  }

  MessageArguments arguments_;
  RequestId request_;
  bool queued_ = false;
};

Result<std::string> read_standard_input() {
  std::string text(kMaxBodyBytes + 1, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), stdin));
  if (std::ferror(stdin) != 0) {
    return failure(ErrorCode::io_error, "Standard input cannot be read.", "");
  }
  return text;
}

Result<std::string> gather_body(const std::string& typed) {
  const Result<std::string> body = typed == "-" ? read_standard_input() : typed;
  if (!body) return body;
  if (body->size() > kMaxBodyBytes) {
    return failure(ErrorCode::invalid_argument, "A message has at most 65536 bytes.",
                   "Send larger content as a file.");
  }
  if (!nlohmann::json::accept(*body)) {
    return failure(ErrorCode::invalid_argument, "The message is not JSON.",
                   "A text stands in double quotes within the argument: '\"hello\"'.");
  }
  return body;
}

}  // namespace

ExitCode run_command(const GlobalOptions& global, const MessageArguments& arguments,
                     Output& output) {
  const auto body = gather_body(arguments.body);
  if (!body) {
    const ExitCode exit = exit_code(body.error().code, Origin::device);
    output.error(body.error(), exit);
    return exit;
  }
  return SendOneMessage(global, {arguments.to, *body, arguments.at}, output).run();
}

}  // namespace kith::cli
