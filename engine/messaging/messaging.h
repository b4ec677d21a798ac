#pragma once

// kith/message/1 (schemas/messaging.md): messages between paired devices, queued while the other is
// away. One object serves all devices: it routes inputs to the Outbox or the Inbox of a device,
// which do the rest, and keeps the connections between them.
//
//   sender                                     receiver
//   SendMessage, written durably
//   stream:  Greeting, Envelope ...     -->    written durably
//                                      <--     Resume, Stored ...
//   MessageDelivered                           MessageReceived ... AcknowledgeMessage
//
// Each side opens one stream for what it sends, on any connection there is, so a device that cannot
// be dialled gets and sends its messages on the connection it made.
// It does not own: connections (it asks for them), the meaning of bodies, who may speak to it
// (Access::paired).

#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "engine/messaging/inbox.h"
#include "engine/messaging/outbox.h"
#include "engine/registry/device_registry.h"
#include "engine/wire/frame.h"

namespace kith::messaging {

inline constexpr std::string_view kMessageAlpn = "kith/message/1";

class MessagingProtocol final : public Protocol {
 public:
  // `registry` outlives the protocol.
  MessagingProtocol(const DeviceRegistry& registry, const RestoredState& restored, EffectIds ids,
                    RandomSource random);

  void handle(Instant now, const ProtocolInput& input) override;
  std::optional<ProtocolOutput> poll_output() override;
  std::optional<Wakeup> next_wakeup() const override;
  void mix(ByteView entropy) override { effects_.random.mix(entropy); }
  void check_invariants() const override;

  const std::map<std::string_view, std::uint64_t>& counters() const { return effects_.counters; }

 private:
  struct Connection {
    DeviceId peer;
    bool dialled_here = false;
    Instant used;
  };
  struct Stream {
    bool outgoing = false;
    wire::FrameReader frames;
    std::uint64_t uncredited = 0;
  };
  using StreamKey = std::pair<ConnectionId, StreamId>;
  using Connections = std::map<ConnectionId, Connection>;

  void on(Instant now, const ConnectionOpened& opened);
  void on(Instant now, const DialFailed& failed);
  void on(Instant now, const ConnectionClosed& closed);
  void on(Instant now, const StreamOpened& opened);
  void on(Instant now, const StreamReady& ready);
  void on(Instant now, const StreamReceived& received);
  void on(Instant, const StreamWritable&) {}
  void on(Instant now, const StreamReset& reset);
  void on(Instant now, const StreamStopped& stopped);
  void on(Instant now, const TimerDue& due);
  void on(Instant, const FileCompleted&) {}
  void on(Instant now, const StoreCompleted& completed);
  void on(Instant, const ComputeCompleted&) {}
  void on(Instant now, const Command& command);

  void on_command(Instant now, const SendMessage& command);
  void on_command(Instant now, const ReceiveMessages& command);
  void on_command(Instant now, const AcknowledgeMessage& command);
  void on_command(Instant now, const AddDeviceAddress& command);
  void on_command(Instant now, const RemoveDevice& command);
  void on_command(Instant now, const BlockDevice& command);
  template <class Other>  // other protocols' commands
  void on_command(Instant, const Other&) {}

  Outbox& outbox_of(const DeviceId& device);
  Inbox& inbox_of(const DeviceId& device);
  bool take_frames(Instant now, const StreamKey& key, Stream& stream, const DeviceId& peer);
  void end_stream(Instant now, const StreamKey& key, const Error& error);
  void violation(ConnectionId connection, std::string_view counter);
  void return_credit(const DeviceId& peer);
  void forget(Instant now, const DeviceId& device);
  Instant idle_deadline(const Connection& connection) const;

  const DeviceRegistry& registry_;
  Effects effects_;
  std::map<DeviceId, Outbox> outboxes_;
  std::map<DeviceId, Inbox> inboxes_;
  Connections connections_;
  std::map<StreamKey, Stream> streams_;
  bool begun_ = false;
  bool announcing_ = false;
};

}  // namespace kith::messaging
