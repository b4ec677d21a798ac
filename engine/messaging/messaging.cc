#include "engine/messaging/messaging.h"

#include <algorithm>

#include "engine/base/check.h"
#include "engine/messaging/limits.h"

namespace kith::messaging {

MessagingProtocol::MessagingProtocol(const DeviceRegistry& registry, const RestoredState& restored,
                                     EffectIds ids, RandomSource random)
    : registry_(registry), effects_{ids, std::move(random)} {
  std::size_t unreadable = 0;
  for (auto& [device, box] : restore(Box::out, restored, unreadable)) {
    outboxes_.try_emplace(device, effects_, device, std::move(box));
  }
  for (auto& [device, box] : restore(Box::in, restored, unreadable)) {
    inboxes_.try_emplace(device, effects_, device, std::move(box));
  }
  if (unreadable > 0) effects_.counters["messaging.unreadable_record"] = unreadable;
}

void MessagingProtocol::handle(Instant now, const ProtocolInput& input) {
  if (!std::exchange(begun_, true)) {
    for (auto& [device, outbox] : outboxes_) outbox.begin(now);
  }
  std::visit([&](const auto& concrete) { on(now, concrete); }, input);
}

std::optional<ProtocolOutput> MessagingProtocol::poll_output() {
  if (effects_.outputs.empty()) return std::nullopt;
  std::optional<ProtocolOutput> output(std::move(effects_.outputs.front()));
  effects_.outputs.pop_front();
  return output;
}

std::optional<Wakeup> MessagingProtocol::next_wakeup() const {
  Instant at = Instant::never();
  for (const auto& [device, outbox] : outboxes_) at = std::min(at, outbox.deadline());
  for (const auto& [id, connection] : connections_) at = std::min(at, idle_deadline(connection));
  if (at == Instant::never()) return std::nullopt;
  return Wakeup{at, "messaging"};
}

void MessagingProtocol::check_invariants() const {
  if (!begun_) return;
  for (const auto& [device, outbox] : outboxes_) outbox.check_invariants();
  for (const auto& [device, inbox] : inboxes_) inbox.check_invariants();
  for (const auto& [key, stream] : streams_) KITH_CHECK(connections_.contains(key.first));
}

// --- commands -----------------------------------------------------------------------------------

void MessagingProtocol::on(Instant now, const Command& command) {
  std::visit([&](const auto& concrete) { on_command(now, concrete); }, command);
}

void MessagingProtocol::on_command(Instant, const SendMessage& command) {
  if (!registry_.is_paired(command.device)) {
    effects_.emit(
        MessageFailed{command.request,
                      command.device,
                      {ErrorCode::permission_denied, "the device is not paired with this one",
                       "pair the two devices first"}});
    return;
  }
  outbox_of(command.device).send(command);
}

void MessagingProtocol::on_command(Instant, const ReceiveMessages&) {
  announcing_ = true;
  for (auto& [device, inbox] : inboxes_) inbox.announce();
}

void MessagingProtocol::on_command(Instant, const AcknowledgeMessage& command) {
  const auto inbox = inboxes_.find(command.device);
  if (inbox != inboxes_.end()) inbox->second.acknowledge(command.message);
}

// A new address may be the one that works.
void MessagingProtocol::on_command(Instant now, const AddDeviceAddress& command) {
  const auto outbox = outboxes_.find(command.device);
  if (outbox == outboxes_.end() || outbox->second.state() != OutboxState::waiting) return;
  outbox->second.expire(now);
}

void MessagingProtocol::on_command(Instant now, const RemoveDevice& command) {
  forget(now, command.device);
}

void MessagingProtocol::on_command(Instant now, const BlockDevice& command) {
  forget(now, command.device);
}

void MessagingProtocol::forget(Instant now, const DeviceId& device) {
  if (const auto outbox = outboxes_.find(device); outbox != outboxes_.end()) {
    outbox->second.forget(now);
  }
  if (const auto inbox = inboxes_.find(device); inbox != inboxes_.end()) inbox->second.forget();
}

// --- connections --------------------------------------------------------------------------------

void MessagingProtocol::on(Instant now, const ConnectionOpened& opened) {
  connections_.emplace(opened.connection, Connection{opened.peer, opened.dial.has_value(), now});
  outbox_of(opened.peer).connected(now, opened.connection);
}

void MessagingProtocol::on(Instant now, const DialFailed& failed) {
  for (auto& [device, outbox] : outboxes_) {
    if (outbox.dial_failed(now, failed)) return;
  }
}

void MessagingProtocol::on(Instant now, const ConnectionClosed& closed) {
  const auto connection = connections_.find(closed.connection);
  if (connection == connections_.end()) return;
  const DeviceId peer = connection->second.peer;
  connections_.erase(connection);
  streams_.erase(streams_.lower_bound({closed.connection, StreamId{}}),
                 streams_.lower_bound({ConnectionId{closed.connection.value + 1}, StreamId{}}));
  inbox_of(peer).disconnected(closed.connection);
  outbox_of(peer).disconnected(now, closed.connection, closed.error);
}

// --- streams ------------------------------------------------------------------------------------

void MessagingProtocol::on(Instant, const StreamOpened& opened) {
  if (opened.kind != StreamKind::bidirectional) {
    return violation(opened.connection, "messaging.stream_kind");
  }
  streams_.try_emplace({opened.connection, opened.stream},
                       Stream{false, wire::FrameReader(kMaxFrameBytes)});
}

void MessagingProtocol::on(Instant now, const StreamReady& ready) {
  const auto connection = connections_.find(ready.connection);
  if (connection == connections_.end()) return;
  streams_.try_emplace({ready.connection, ready.stream},
                       Stream{true, wire::FrameReader(kMaxFrameBytes)});
  outbox_of(connection->second.peer).stream_ready(now, ready.connection, ready.stream);
}

void MessagingProtocol::on(Instant now, const StreamReceived& received) {
  const StreamKey key{received.connection, received.stream};
  const auto stream = streams_.find(key);
  const auto connection = connections_.find(received.connection);
  if (stream == streams_.end() || connection == connections_.end()) return;
  connection->second.used = now;
  const DeviceId peer = connection->second.peer;
  stream->second.uncredited += received.bytes.size();
  stream->second.frames.push(received.bytes);
  if (!take_frames(now, key, stream->second, peer)) {
    return violation(received.connection, "messaging.violation");
  }
  return_credit(peer);
  if (received.fin) {
    end_stream(now, key, {ErrorCode::connection_lost, "the device ended the exchange", ""});
  }
}

bool MessagingProtocol::take_frames(Instant now, const StreamKey& key, Stream& stream,
                                    const DeviceId& peer) {
  while (const auto frame = stream.frames.pop()) {
    const auto message = decode(*frame);
    if (!message) return false;
    const bool fits = stream.outgoing
                          ? outbox_of(peer).receive(now, key.first, key.second, *message)
                          : inbox_of(peer).receive(key.first, key.second, *message);
    if (!fits) return false;
  }
  return !stream.frames.oversized();
}

void MessagingProtocol::on(Instant now, const StreamReset& reset) {
  end_stream(now, {reset.connection, reset.stream},
             {ErrorCode::connection_lost, "the device could not take the messages now", ""});
}

void MessagingProtocol::on(Instant now, const StreamStopped& stopped) {
  on(now, StreamReset{stopped.connection, stopped.stream, stopped.code});
}

void MessagingProtocol::end_stream(Instant now, const StreamKey& key, const Error& error) {
  const auto stream = streams_.find(key);
  if (stream == streams_.end()) return;
  const bool outgoing = stream->second.outgoing;
  streams_.erase(stream);
  const DeviceId peer = connections_.at(key.first).peer;
  effects_.outputs.push_back(ResetStream{key.first, key.second, 0});
  effects_.outputs.push_back(StopStream{key.first, key.second, 0});
  if (outgoing) {
    outbox_of(peer).stream_lost(now, key.first, key.second, error);
  } else {
    inbox_of(peer).stream_lost(key.first, key.second);
  }
}

// The end of the connection comes as an input of its own and is handled there.
void MessagingProtocol::violation(ConnectionId connection, std::string_view counter) {
  ++effects_.counters[counter];
  effects_.close(connection, CloseCode::violation);
}

// What the inbox has not written yet holds its sender's credit, and so its memory here.
void MessagingProtocol::return_credit(const DeviceId& peer) {
  for (auto& [key, stream] : streams_) {
    if (stream.uncredited == 0 || connections_.at(key.first).peer != peer) continue;
    if (!stream.outgoing && !inbox_of(peer).caught_up()) continue;
    effects_.outputs.push_back(StreamCredit{key.first, key.second, stream.uncredited});
    stream.uncredited = 0;
  }
}

// --- completions and time -----------------------------------------------------------------------

void MessagingProtocol::on(Instant now, const StoreCompleted& completed) {
  for (auto& [device, outbox] : outboxes_) {
    if (outbox.stored(now, completed)) return;
  }
  for (auto& [device, inbox] : inboxes_) {
    if (!inbox.stored(completed)) continue;
    return_credit(device);
    return;
  }
}

void MessagingProtocol::on(Instant now, const TimerDue&) {
  for (auto& [device, outbox] : outboxes_) {
    if (outbox.deadline() <= now) outbox.expire(now);
  }
  for (auto& [id, connection] : connections_) {
    if (idle_deadline(connection) > now) continue;
    connection.dialled_here = false;  // closed once
    effects_.close(id, CloseCode::done);
  }
}

Instant MessagingProtocol::idle_deadline(const Connection& connection) const {
  const auto outbox = outboxes_.find(connection.peer);
  const bool needed = outbox != outboxes_.end() && !outbox->second.empty();
  if (!connection.dialled_here || needed) return Instant::never();
  return connection.used + kIdleLinger;
}

// --- shared -------------------------------------------------------------------------------------

Outbox& MessagingProtocol::outbox_of(const DeviceId& device) {
  return outboxes_.try_emplace(device, effects_, device, RestoredBox{}).first->second;
}

Inbox& MessagingProtocol::inbox_of(const DeviceId& device) {
  const auto [inbox, made] = inboxes_.try_emplace(device, effects_, device, RestoredBox{});
  if (made && announcing_) inbox->second.announce();
  return inbox->second;
}

}  // namespace kith::messaging
