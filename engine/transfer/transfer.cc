#include "engine/transfer/transfer.h"

#include <algorithm>
#include <variant>

#include "engine/base/check.h"
#include "engine/transfer/limits.h"

namespace kith::transfer {
namespace {

// RFC 9000 section 2.1: the second bit of a stream's number says that it is unidirectional.
bool is_unidirectional(StreamId stream) { return (stream.value & 2) != 0; }

Error lost(const ConnectionClosed& closed) {
  if (closed.by_application) {
    return {ErrorCode::connection_lost, "The other device ended the connection", ""};
  }
  return {ErrorCode::connection_lost,
          closed.error.message.empty() ? "The connection to the other device was lost"
                                       : closed.error.message,
          closed.error.hint};
}

template <class Map>
auto find_machine(Map& map, MachineId machine) -> decltype(map.begin()->second.get()) {
  const auto found = map.find(machine);
  return found == map.end() ? nullptr : found->second.get();
}

}  // namespace

TransferProtocol::TransferProtocol(EffectIds ids, RandomSource random)
    : effects_(ids), random_(std::move(random)) {}

void TransferProtocol::handle(Instant now, const ProtocolInput& input) {
  effects_.set_now(now);
  std::visit([&](const auto& alternative) { on(alternative); }, input);
  admit_queued();
  forget_finished();
}

std::optional<ProtocolOutput> TransferProtocol::poll_output() { return effects_.poll(); }

// --- connections --------------------------------------------------------------------------------

void TransferProtocol::on(const ConnectionOpened& opened) {
  if (!opened.paired) {
    effects_.count("transfer.unpaired_connection");
    effects_.emit(CloseConnection{opened.connection, 0, "not paired"});
    return;
  }
  connections_.try_emplace(opened.connection,
                           Connection{opened.peer, opened.dial.has_value(), effects_.now()});
  if (!opened.dial) return;
  const auto machine = effects_.take(*opened.dial);
  if (auto* dialling = machine ? sender(*machine) : nullptr) {
    dialling->on_connected(opened.connection);
  }
}

void TransferProtocol::on(const DialFailed& failed) {
  const auto machine = effects_.take(failed.dial);
  if (auto* dialling = machine ? sender(*machine) : nullptr) {
    dialling->on_dial_failed(failed.error);
  }
}

void TransferProtocol::on(const ConnectionClosed& closed) {
  const auto error = lost(closed);
  for (auto& [machine, sending] : senders_) {
    if (sending->connection() == closed.connection) sending->on_connection_closed(error);
  }
  for (auto& [machine, receiving] : receivers_) {
    if (receiving->connection() == closed.connection) receiving->on_connection_closed(error);
  }
  const auto of_connection = [&](const auto& item) {
    return item.first.first == closed.connection;
  };
  std::erase_if(streams_, of_connection);
  std::erase_if(unclaimed_, of_connection);
  connections_.erase(closed.connection);
}

// --- streams ------------------------------------------------------------------------------------

void TransferProtocol::on(const StreamOpened& opened) {
  const auto connection = connections_.find(opened.connection);
  if (connection == connections_.end()) return;
  const StreamKey key{opened.connection, opened.stream};
  if (opened.kind == StreamKind::unidirectional) {
    const auto waiting = std::count_if(unclaimed_.begin(), unclaimed_.end(), [&](const auto& at) {
      return at.first.first == opened.connection;
    });
    if (static_cast<std::size_t>(waiting) >= kMaxUnclaimedStreams) {
      effects_.count("transfer.too_many_streams");
      return refuse_stream(opened.connection, opened.stream);
    }
    unclaimed_.emplace(key, Bytes());
    return;
  }
  const auto incoming = std::count_if(receivers_.begin(), receivers_.end(), [&](const auto& at) {
    return at.second->connection() == opened.connection;
  });
  if (static_cast<std::size_t>(incoming) >= kMaxIncomingPerConnection) {
    effects_.count("transfer.too_many_incoming");
    return refuse_stream(opened.connection, opened.stream);
  }
  const MachineId machine{++next_machine_};
  Reception& reception = *this;
  receivers_.emplace(
      machine, std::make_unique<Receiver>(effects_, reception, machine, connection->second.peer,
                                          opened.connection, opened.stream));
  streams_.emplace(key, machine);
}

void TransferProtocol::on(const StreamReady& ready) {
  const auto machine = effects_.take_stream(ready.tag);
  auto* sending = machine ? sender(*machine) : nullptr;
  if (sending == nullptr) {
    effects_.emit(ResetStream{ready.connection, ready.stream, wire_code(ErrorCode::cancelled)});
    if (!is_unidirectional(ready.stream)) {
      effects_.emit(StopStream{ready.connection, ready.stream, wire_code(ErrorCode::cancelled)});
    }
    return;
  }
  streams_.emplace(StreamKey{ready.connection, ready.stream}, *machine);
  sending->on_stream_ready(ready.tag, ready.stream);
}

void TransferProtocol::on(const StreamReceived& received) {
  const StreamKey key{received.connection, received.stream};
  if (const auto waiting = unclaimed_.find(key); waiting != unclaimed_.end()) {
    return on_unclaimed(received, waiting->second);
  }
  const auto found = streams_.find(key);
  auto* sending = found != streams_.end() ? sender(found->second) : nullptr;
  auto* receiving = found != streams_.end() ? receiver(found->second) : nullptr;
  if (sending != nullptr)
    return sending->on_received(received.stream, received.bytes, received.fin);
  if (receiving != nullptr) {
    return receiving->on_received(received.stream, received.bytes, received.fin);
  }
  // What is still on its way for a transfer that has ended must not use up the connection.
  if (!received.bytes.empty()) {
    effects_.emit(StreamCredit{received.connection, received.stream, received.bytes.size()});
  }
}

// A data stream begins with the id of its transfer.
void TransferProtocol::on_unclaimed(const StreamReceived& received, Bytes& preamble) {
  const StreamKey key{received.connection, received.stream};
  TransferId transfer;
  const auto taken = std::min(received.bytes.size(), transfer.bytes.size() - preamble.size());
  const auto rest = received.bytes.subspan(taken);
  preamble.insert(preamble.end(), received.bytes.begin(),
                  received.bytes.begin() + static_cast<std::ptrdiff_t>(taken));
  if (taken > 0) effects_.emit(StreamCredit{received.connection, received.stream, taken});
  if (preamble.size() < transfer.bytes.size()) {
    if (received.fin) unclaimed_.erase(key);
    return;
  }
  std::copy(preamble.begin(), preamble.end(), transfer.bytes.begin());
  unclaimed_.erase(key);

  const auto known = transfers_.find(transfer);
  auto* receiving = known != transfers_.end() ? receiver(known->second) : nullptr;
  const bool adopted = receiving != nullptr && receiving->connection() == received.connection &&
                       receiving->adopt_stream(received.stream);
  if (!adopted) {
    effects_.count("transfer.stream_of_no_transfer");
    if (!rest.empty()) {
      effects_.emit(StreamCredit{received.connection, received.stream, rest.size()});
    }
    return refuse_stream(received.connection, received.stream);
  }
  streams_.emplace(key, known->second);
  receiving->on_received(received.stream, rest, received.fin);
}

void TransferProtocol::refuse_stream(ConnectionId connection, StreamId stream) {
  const auto code = wire_code(ErrorCode::limit_exceeded);
  effects_.emit(StopStream{connection, stream, code});
  if (!is_unidirectional(stream)) effects_.emit(ResetStream{connection, stream, code});
}

void TransferProtocol::on(const StreamWritable& writable) {
  const auto found = streams_.find({writable.connection, writable.stream});
  if (found == streams_.end()) return;
  if (auto* sending = sender(found->second)) sending->on_writable(writable.stream);
}

void TransferProtocol::on(const StreamReset& reset) {
  unclaimed_.erase({reset.connection, reset.stream});
  on_stream_ended(reset.connection, reset.stream, reset.code);
}

void TransferProtocol::on(const StreamStopped& stopped) {
  on_stream_ended(stopped.connection, stopped.stream, stopped.code);
}

void TransferProtocol::on_stream_ended(ConnectionId connection, StreamId stream,
                                       std::uint64_t code) {
  const auto found = streams_.find({connection, stream});
  if (found == streams_.end()) return;
  if (auto* sending = sender(found->second)) sending->on_stream_ended(stream, code);
  if (auto* receiving = receiver(found->second)) receiving->on_stream_ended(stream, code);
}

// --- time and completions -----------------------------------------------------------------------

void TransferProtocol::on(const TimerDue&) {
  for (auto& [machine, sending] : senders_) sending->on_time();
  for (auto& [machine, receiving] : receivers_) receiving->on_time();
  close_idle_connections();
}

void TransferProtocol::close_idle_connections() {
  for (auto at = connections_.begin(); at != connections_.end();) {
    const auto& [id, connection] = *at;
    const bool over = connection.dialled_here && !in_use(id) &&
                      effects_.now() >= connection.idle_since + kIdleLinger;
    if (over) effects_.emit(CloseConnection{id, 0, "idle"});
    at = over ? connections_.erase(at) : std::next(at);
  }
}

std::optional<Wakeup> TransferProtocol::next_wakeup() const {
  auto at = Instant::never();
  std::string_view reason = "transfer progress";
  for (const auto& [machine, sending] : senders_) at = std::min(at, sending->next_wakeup());
  for (const auto& [machine, receiving] : receivers_) at = std::min(at, receiving->next_wakeup());
  for (const auto& [id, connection] : connections_) {
    if (!connection.dialled_here || in_use(id)) continue;
    if (connection.idle_since + kIdleLinger < at) {
      at = connection.idle_since + kIdleLinger;
      reason = "transfer connection idle";
    }
  }
  if (at == Instant::never()) return std::nullopt;
  return Wakeup{at, reason};
}

void TransferProtocol::on(const FileCompleted& completed) {
  const auto ticket = effects_.take(completed.op);
  if (!ticket) return effects_.count("transfer.completion_unknown");
  if (auto* sending = sender(ticket->machine)) {
    sending->on_file(*ticket, completed.outcome);
  } else if (auto* receiving = receiver(ticket->machine)) {
    receiving->on_file(*ticket, completed.outcome);
  }
}

void TransferProtocol::on(const StoreCompleted&) {}

void TransferProtocol::on(const ComputeCompleted& completed) {
  const auto job = effects_.take(completed.id);
  if (!job) return effects_.count("transfer.completion_unknown");
  if (auto* sending = sender(job->first)) {
    sending->on_compute(job->second, completed.hashes);
  } else if (auto* receiving = receiver(job->first)) {
    receiving->on_compute(job->second, completed.hashes);
  }
}

// --- commands -----------------------------------------------------------------------------------

void TransferProtocol::on(const Command& command) {
  std::visit([&](const auto& alternative) { on_command(alternative); }, command);
}

void TransferProtocol::on_command(const ShareWithDevice& share) {
  const TransferId transfer{random_.bytes<16>()};
  if (senders_.size() >= kMaxOutgoing) {
    effects_.count("transfer.too_many_outgoing");
    effects_.emit(
        TransferFailed{share.request, transfer, TransferDirection::sending,
                       Error{ErrorCode::limit_exceeded, "256 transfers are being sent already",
                             "Wait for some of them to end"}});
    return;
  }
  const MachineId machine{++next_machine_};
  transfers_.emplace(transfer, machine);
  auto sending = std::make_unique<Sender>(effects_, machine, transfer, share);
  senders_.emplace(machine, std::move(sending)).first->second->start();
}

void TransferProtocol::on_command(const AnswerTransfer& answer) {
  const auto found = transfers_.find(answer.transfer);
  if (found == transfers_.end()) return;
  if (auto* receiving = receiver(found->second)) receiving->answer(answer.accept);
}

void TransferProtocol::on_command(const CancelTransfer& cancel) {
  const auto found = transfers_.find(cancel.transfer);
  if (found == transfers_.end()) return;
  if (auto* sending = sender(found->second)) sending->cancel();
  if (auto* receiving = receiver(found->second)) receiving->cancel();
}

void TransferProtocol::on_command(const Cancel& cancel) {
  for (auto& [machine, sending] : senders_) {
    if (sending->request() == cancel.request) sending->cancel();
  }
}

// --- machines -----------------------------------------------------------------------------------

bool TransferProtocol::claim(TransferId transfer, MachineId machine) {
  return transfers_.emplace(transfer, machine).second;
}

void TransferProtocol::admit_queued() {
  for (auto& [machine, queued] : receivers_) {
    if (queued->state() != ReceiverState::queued) continue;
    const auto connection = queued->connection();
    const auto active = std::count_if(receivers_.begin(), receivers_.end(), [&](const auto& at) {
      return at.second->connection() == connection && at.second->active();
    });
    if (static_cast<std::size_t>(active) < kMaxActivePerConnection) queued->admit();
  }
}

void TransferProtocol::forget_finished() {
  const auto sweep = [&](auto& machines) {
    for (auto at = machines.begin(); at != machines.end();) {
      if (!at->second->finished()) {
        ++at;
        continue;
      }
      forget(at->first);
      at = machines.erase(at);
    }
  };
  sweep(senders_);
  sweep(receivers_);
}

void TransferProtocol::forget(MachineId machine) {
  const auto of_machine = [&](const auto& item) { return item.second == machine; };
  std::erase_if(streams_, of_machine);
  std::erase_if(transfers_, of_machine);
  effects_.forget(machine);
  for (auto& [id, connection] : connections_) {
    if (in_use(id)) connection.idle_since = effects_.now();
  }
}

bool TransferProtocol::in_use(ConnectionId connection) const {
  const auto uses = [&](const auto& at) { return at.second->connection() == connection; };
  return std::any_of(senders_.begin(), senders_.end(), uses) ||
         std::any_of(receivers_.begin(), receivers_.end(), uses);
}

Sender* TransferProtocol::sender(MachineId machine) { return find_machine(senders_, machine); }

Receiver* TransferProtocol::receiver(MachineId machine) {
  return find_machine(receivers_, machine);
}

void TransferProtocol::check_invariants() const {
  for (const auto& [machine, sending] : senders_) sending->check_invariants();
  for (const auto& [machine, receiving] : receivers_) receiving->check_invariants();
  for (const auto& [key, machine] : streams_) {
    KITH_CHECK(senders_.count(machine) + receivers_.count(machine) == 1);
    KITH_CHECK(connections_.count(key.first) == 1);
  }
  for (const auto& [transfer, machine] : transfers_) {
    KITH_CHECK(senders_.count(machine) + receivers_.count(machine) == 1);
  }
}

}  // namespace kith::transfer
