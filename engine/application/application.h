#pragma once

// One protocol of an application (kith/application.h): what happens to its connections goes out as
// events, and what the application wants comes in as commands.
//
//   Connect ------------> DialPeer --> ConnectionOpened --> PeerConnected
//                                  \-> DialFailed --------> ConnectFailed
//   commands about streams --> as they are, if the connection is one of this protocol's
//   inputs about streams ----> as they are, with bytes that the event owns
//
// Every Connect is answered once. Between a connection's PeerConnected and its ConnectionClosed,
// and never outside of that, come events about it. What holds a peer back is credit, which only the
// application returns, so nothing is queued here.
//
// It does not own: what the bytes mean, who may connect (core/access.h), streams (quic/).

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "engine/registry/protocol.h"

namespace kith::application {

class ApplicationMachine final : public Protocol {
 public:
  ApplicationMachine(std::string alpn, EffectIds ids) : alpn_(std::move(alpn)), ids_(ids) {}

  void handle(Instant now, const ProtocolInput& input) override;
  std::optional<ProtocolOutput> poll_output() override;
  std::optional<Wakeup> next_wakeup() const override { return std::nullopt; }
  void check_invariants() const override;

  const std::string& alpn() const { return alpn_; }
  // Peers that were turned away because of kMaxApplicationConnections.
  std::uint64_t refused_connections() const { return refused_connections_; }

 private:
  void on(const ConnectionOpened& input);
  void on(const DialFailed& input);
  void on(const ConnectionClosed& input);
  void on(const StreamReceived& input);
  void on(const StreamOpened& input) { tell(input); }
  void on(const StreamReady& input) { tell(input); }
  void on(const StreamWritable& input) { tell(input); }
  void on(const StreamReset& input) { tell(input); }
  void on(const StreamStopped& input) { tell(input); }
  void on(const Command& input);
  template <class Other>  // timers and effects, of which there are none
  void on(const Other&) {}

  void on_command(const Connect& command);
  void on_command(const Cancel& command);
  void on_command(const CloseConnection& command) { ask(command); }
  void on_command(const OpenStream& command) { ask(command); }
  void on_command(const StreamWrite& command) { ask(command); }
  void on_command(const AwaitWritable& command) { ask(command); }
  void on_command(const StreamCredit& command) { ask(command); }
  void on_command(const ResetStream& command) { ask(command); }
  void on_command(const StopStream& command) { ask(command); }
  template <class Other>  // of other protocols
  void on_command(const Other&) {}

  // The application hears about its connections only, and has a say about them only.
  template <class StreamEvent>
  void tell(const StreamEvent& event) {
    if (connections_.contains(event.connection)) outputs_.emplace_back(Event(event));
  }
  template <class StreamCommand>
  void ask(const StreamCommand& command) {
    if (connections_.contains(command.connection)) outputs_.emplace_back(command);
  }
  bool full() const { return dials_.size() + connections_.size() >= kMaxApplicationConnections; }

  std::string alpn_;
  EffectIds ids_;
  std::map<DialId, RequestId> dials_;  // that were neither answered nor cancelled
  std::set<ConnectionId> connections_;
  std::deque<ProtocolOutput> outputs_;
  std::uint64_t refused_connections_ = 0;
};

}  // namespace kith::application
