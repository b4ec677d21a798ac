#include "tests/messaging/messaging_fabric.h"

#include "engine/crypto/identity.h"

namespace kith::messaging {
namespace {

constexpr int other(int side) { return 1 - side; }

std::array<std::byte, 32> seed_of(int side, std::uint64_t life) {
  std::array<std::byte, 32> seed{};
  seed[0] = static_cast<std::byte>(side + 1);
  seed[1] = static_cast<std::byte>(life);
  return seed;
}

SecretKey key_of(int side) { return SecretKey::copy_of(seed_of(side, 200)); }

DeviceRecord paired_with(const DeviceId& peer) {
  DeviceRecord record;
  record.id = peer;
  record.name = "peer";
  record.secret = key_of(7);
  return record;
}

}  // namespace

std::vector<std::string> Fabric::Device::bodies() const {
  std::vector<std::string> bodies;
  for (const auto& message : all<MessageReceived>()) bodies.push_back(message.body);
  return bodies;
}

Fabric::Fabric() {
  devices_[kAlice].id.bytes.fill(std::byte{0xa1});
  devices_[kBob].id.bytes.fill(std::byte{0xb2});
  for (int side : {kAlice, kBob}) make(side);
}

void Fabric::make(int side) {
  Device& device = devices_[side];
  RandomSource random(seed_of(side, device.life));
  device.registry =
      std::make_unique<DeviceRegistry>(device.id, key_of(side), random.fork("registry"));
  device.registry->put(paired_with(devices_[other(side)].id), DeviceTrigger::secret_stored);
  device.registry->apply(devices_[other(side)].id, DeviceTrigger::peer_committed);
  device.protocol = std::make_unique<MessagingProtocol>(*device.registry, device.store,
                                                        EffectIds(0), random.fork("messaging"));
}

void Fabric::restart(int side) {
  cut();
  ++devices_[side].life;
  make(side);
}

void Fabric::restart_unnoticed(int side) {
  connection_ = {};
  restart(side);
}

void Fabric::command(int side, const Command& command) {
  give(side, command);
  settle();
}

void Fabric::send(const std::string& body) {
  command(kAlice, SendMessage{RequestId{++last_request_}, bob().id, body, {}});
}

void Fabric::receive() { command(kBob, ReceiveMessages{}); }

void Fabric::pass(Duration time) {
  const Instant end = now + time;
  for (;;) {
    Instant next = end;
    for (const auto& device : devices_) {
      if (const auto wakeup = device.protocol->next_wakeup()) next = std::min(next, wakeup->at);
    }
    now = std::max(now, next);
    for (int side : {kAlice, kBob}) {
      const auto wakeup = devices_[side].protocol->next_wakeup();
      if (wakeup && wakeup->at <= now) give(side, TimerDue{});
    }
    settle();
    if (now >= end) return;
  }
}

void Fabric::cut() {
  if (!connected()) return;
  const ConnectionId ended = std::exchange(connection_, {});
  for (int side : {kAlice, kBob}) {
    give(side, ConnectionClosed{ended, {ErrorCode::connection_lost, "cut", ""}});
  }
  settle();
}

void Fabric::settle() {
  if (settling_) return;
  settling_ = true;
  for (bool busy = true; busy;) {
    busy = false;
    for (int side : {kAlice, kBob}) {
      while (auto output = devices_[side].protocol->poll_output()) {
        carry_out(side, *output);
        busy = true;
      }
    }
  }
  settling_ = false;
  for (const auto& device : devices_) device.protocol->check_invariants();
}

void Fabric::carry_out(int side, const ProtocolOutput& output) {
  if (const auto* event = std::get_if<Event>(&output)) {
    devices_[side].events.push_back(*event);
    const auto* received = std::get_if<MessageReceived>(event);
    if (received != nullptr && devices_[side].acknowledges) {
      give(side, Command{AcknowledgeMessage{received->device, received->message}});
    }
  } else if (const auto* commit_output = std::get_if<StoreCommit>(&output)) {
    commit(side, *commit_output);
  } else if (const auto* dial = std::get_if<DialDevice>(&output)) {
    connect(side, dial->dial);
  } else if (const auto* open = std::get_if<OpenStream>(&output)) {
    if (open->connection != connection_) return;
    const StreamId stream{next_stream_[side]};
    next_stream_[side] += 4;
    give(other(side), StreamOpened{connection_, stream, open->kind});
    give(side, StreamReady{connection_, open->tag, stream});
  } else if (const auto* write = std::get_if<StreamWrite>(&output)) {
    deliver(side, *write);
  } else if (const auto* credit = std::get_if<StreamCredit>(&output)) {
    uncredited[side] -= credit->bytes;
  } else if (const auto* reset = std::get_if<ResetStream>(&output)) {
    if (reset->connection != connection_) return;
    give(other(side), StreamReset{connection_, reset->stream, reset->code});
  } else if (const auto* close = std::get_if<CloseConnection>(&output)) {
    if (close->connection == connection_) cut();
  }
}

void Fabric::connect(int side, DialId dial) {
  if (!devices_[other(side)].reachable) {
    return give(side, DialFailed{dial, {ErrorCode::unreachable, "nobody answers", ""}});
  }
  connection_ = ConnectionId{++last_connection_};
  ConnectionOpened opened;
  opened.connection = connection_;
  opened.paired = true;
  opened.peer = devices_[side].id;
  give(other(side), opened);
  opened.peer = devices_[other(side)].id;
  opened.dial = dial;
  give(side, opened);
}

void Fabric::deliver(int from, const StreamWrite& write) {
  if (write.connection != connection_) return;
  if (on_wire && !on_wire(from, write)) return cut();
  uncredited[other(from)] += write.data.size();
  give(other(from), StreamReceived{connection_, write.stream, write.data.view(), write.fin});
}

void Fabric::commit(int side, const StoreCommit& commit) {
  Result<void> outcome;
  if (on_commit && !on_commit(side, commit)) outcome = failure(ErrorCode::no_space, "disk full");
  for (const auto& change : commit.changes) {
    if (!outcome) break;
    if (change.value) {
      devices_[side].store[change.key] = *change.value;
    } else {
      devices_[side].store.erase(change.key);
    }
  }
  give(side, StoreCompleted{commit.op, outcome});
}

}  // namespace kith::messaging
