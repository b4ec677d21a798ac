#include "engine/application/application.h"

#include <utility>

#include "engine/base/check.h"

namespace kith::application {

void ApplicationMachine::handle(Instant, const ProtocolInput& input) {
  std::visit([this](const auto& concrete) { on(concrete); }, input);
}

std::optional<ProtocolOutput> ApplicationMachine::poll_output() {
  if (outputs_.empty()) return std::nullopt;
  std::optional<ProtocolOutput> output(std::move(outputs_.front()));
  outputs_.pop_front();
  return output;
}

void ApplicationMachine::check_invariants() const {
  KITH_CHECK(dials_.size() + connections_.size() <= kMaxApplicationConnections);
}

// --- connections --------------------------------------------------------------------------------

void ApplicationMachine::on(const ConnectionOpened& input) {
  RequestId request;
  if (input.dial) {
    const auto dial = dials_.extract(*input.dial);
    if (dial.empty()) {
      outputs_.emplace_back(CloseConnection{input.connection, 0, "cancelled"});
      return;
    }
    request = dial.mapped();
  } else if (full()) {
    ++refused_connections_;
    outputs_.emplace_back(
        CloseConnection{input.connection, kTooManyConnections, "too many connections"});
    return;
  }
  connections_.insert(input.connection);
  outputs_.emplace_back(
      Event(PeerConnected{request, input.connection, alpn_, input.peer, input.paired}));
}

void ApplicationMachine::on(const DialFailed& input) {
  const auto dial = dials_.extract(input.dial);
  if (dial.empty()) return;
  outputs_.emplace_back(Event(ConnectFailed{dial.mapped(), input.error}));
}

void ApplicationMachine::on(const ConnectionClosed& input) {
  if (connections_.erase(input.connection) > 0) outputs_.emplace_back(Event(input));
}

void ApplicationMachine::on(const StreamReceived& input) {
  tell(
      BytesReceived{input.connection, input.stream, SharedBytes(to_bytes(input.bytes)), input.fin});
}

// --- commands -----------------------------------------------------------------------------------

void ApplicationMachine::on(const Command& input) {
  std::visit([this](const auto& command) { on_command(command); }, input);
}

void ApplicationMachine::on_command(const Connect& command) {
  if (command.alpn != alpn_) return;
  if (full()) {
    outputs_.emplace_back(Event(
        ConnectFailed{command.request,
                      {ErrorCode::limit_exceeded, "too many connections are open under " + alpn_,
                       "close some of them first"}}));
    return;
  }
  const DialId dial = ids_.dial();
  dials_.emplace(dial, command.request);
  outputs_.emplace_back(DialPeer{dial, command.device, command.addresses});
}

void ApplicationMachine::on_command(const Cancel& command) {
  const auto ended =
      std::erase_if(dials_, [&](const auto& entry) { return entry.second == command.request; });
  for (std::size_t i = 0; i < ended; ++i) {
    outputs_.emplace_back(Event(
        ConnectFailed{command.request, {ErrorCode::cancelled, "connecting was cancelled", ""}}));
  }
}

}  // namespace kith::application
