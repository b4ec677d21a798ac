#include "tests/pairing/pairing_fabric.h"

#include "engine/words/bip39.h"

namespace kith::pairing {
namespace {

std::array<std::byte, 32> seed_of(std::uint8_t number, std::uint64_t life) {
  std::array<std::byte, 32> seed{};
  seed[0] = static_cast<std::byte>(number);
  seed[1] = static_cast<std::byte>(life);
  return seed;
}

CodeEntropy entropy_of(const std::vector<std::string>& words) {
  std::string phrase;
  for (const auto& word : words) phrase += word + " ";
  const auto bytes = words::to_entropy(phrase, words::kPairingWords);
  CodeEntropy entropy{};
  std::copy(bytes->view().begin(), bytes->view().end(), entropy.begin());
  return entropy;
}

}  // namespace

Device::Device(Fabric& owner, std::uint8_t index)
    : fabric(owner), number(index), identity(SecretKey::copy_of(seed_of(index, 77))) {
  make(lives_);
}

void Device::make(std::uint64_t life) {
  RandomSource random(seed_of(number, life));
  registry = std::make_unique<DeviceRegistry>(identity.id(), identity.store_sealing_key().clone(),
                                              random.fork("registry"));
  registry->restore(store);
  protocol = std::make_unique<PairingProtocol>(
      PairingConfig{std::chrono::minutes(5), "device " + std::to_string(number)}, identity,
      *registry, EffectIds(0), random.fork("pairing"));
}

void Device::restart() { make(++lives_); }

void Device::commit(const StoreCommit& commit) {
  Result<void> outcome;
  if (!store_works) outcome = failure(ErrorCode::no_space, "disk full");
  for (const auto& change : commit.changes) {
    if (!outcome) break;
    if (change.value) {
      store[change.key] = *change.value;
    } else {
      store.erase(change.key);
    }
  }
  protocol->handle(fabric.now, StoreCompleted{commit.op, outcome});
}

void Device::complete_store() {
  store_waits = false;
  for (const auto& waiting : std::exchange(waiting_, {})) commit(waiting);
  fabric.settle();
}

void Device::command(const Command& command) {
  protocol->handle(fabric.now, command);
  fabric.settle();
}

Fabric::Fabric(std::size_t devices) {
  for (std::size_t i = 0; i < devices; ++i) {
    devices_.push_back(std::make_unique<Device>(*this, static_cast<std::uint8_t>(i + 1)));
  }
}

void Fabric::make_twin(std::size_t of, std::size_t at) {
  devices_[at] = std::make_unique<Device>(*this, devices_[of]->number);
}

void Fabric::settle() {
  for (bool busy = true; busy;) {
    busy = false;
    for (std::size_t i = 0; i < devices_.size(); ++i) {
      if (step(i)) busy = true;
    }
  }
  for (const auto& device : devices_) {
    device->protocol->check_invariants();
    device->registry->check_invariants();
  }
}

void Fabric::pass(Duration time) {
  const Instant end = now + time;
  for (;;) {
    Instant next = end;
    for (const auto& device : devices_) {
      if (const auto wakeup = device->protocol->next_wakeup()) next = std::min(next, wakeup->at);
    }
    now = std::max(now, next);
    for (const auto& device : devices_) {
      const auto wakeup = device->protocol->next_wakeup();
      if (wakeup && wakeup->at <= now) device->protocol->handle(now, TimerDue{});
    }
    settle();
    if (now >= end) return;
  }
}

CodeEntropy Fabric::start(std::size_t initiator) {
  Device& device = *devices_[initiator];
  device.command(StartPairing{RequestId{1}});
  return entropy_of(events_of<PairingCodeReady>(device.events).back().words);
}

void Fabric::join(std::size_t joiner, const CodeEntropy& entropy) {
  devices_[joiner]->command(JoinPairing{RequestId{2}, entropy, {Address::v4(192, 0, 2, 1, 4001)}});
}

bool Fabric::step(std::size_t index) {
  auto output = devices_[index]->protocol->poll_output();
  if (!output) return false;
  carry_out(index, *output);
  return true;
}

void Fabric::carry_out(std::size_t index, const ProtocolOutput& output) {
  Device& device = *devices_[index];
  if (const auto* event = std::get_if<Event>(&output)) {
    device.events.push_back(*event);
    const auto* ask = std::get_if<PairingConfirmationNeeded>(event);
    if (ask != nullptr && device.answers) {
      deliver(index, Command{ConfirmPairing{ask->request, device.accepts}});
    }
  } else if (const auto* commit = std::get_if<StoreCommit>(&output)) {
    if (device.store_waits) {
      device.waiting_.push_back(*commit);
    } else {
      device.commit(*commit);
    }
  } else if (const auto* dialing = std::get_if<DialKey>(&output)) {
    dial(index, *dialing);
  } else if (const auto* stream = std::get_if<OpenStream>(&output)) {
    const auto end = ends_.find(stream->connection);
    if (end == ends_.end()) return;
    deliver(other(index, end->second), StreamOpened{stream->connection, StreamId{0}, stream->kind});
    deliver(index, StreamReady{stream->connection, stream->tag, StreamId{0}});
  } else if (const auto* written = std::get_if<StreamWrite>(&output)) {
    write(index, *written);
  } else if (const auto* closing = std::get_if<CloseConnection>(&output)) {
    close(index, *closing);
  }
}

void Fabric::deliver(std::size_t to, const ProtocolInput& input) {
  if (to != kStranger) devices_[to]->protocol->handle(now, input);
}

void Fabric::dial(std::size_t from, const DialKey& dial) {
  for (std::size_t to = 0; to < devices_.size(); ++to) {
    if (to == from || devices_[to]->protocol->rendezvous_key(dial.expected) == nullptr) continue;
    const ConnectionId connection{++last_connection_};
    ends_.emplace(connection, End{from, to});
    ConnectionOpened joiner{connection, dial.dial, dial.expected, dial.present->id(), false, {}};
    joiner.exporter[0] = static_cast<std::byte>(last_connection_);
    ConnectionOpened acceptor{connection,    {},    dial.present->id(),
                              dial.expected, false, joiner.exporter};
    joiner.remote = address_of(to);
    acceptor.remote = address_of(from);
    if (on_open) on_open(joiner, acceptor);
    deliver(to, acceptor);
    deliver(from, joiner);
    return;
  }
  deliver(from, DialFailed{dial.dial, {ErrorCode::refused, "refused", ""}});
}

void Fabric::write(std::size_t from, const StreamWrite& write) {
  const auto end = ends_.find(write.connection);
  if (end == ends_.end()) return;
  Bytes bytes = to_bytes(write.data.view());
  if (on_wire && !bytes.empty() && !on_wire(bytes)) return cut(write.connection);
  deliver(other(from, end->second),
          StreamReceived{write.connection, write.stream, bytes, write.fin});
}

void Fabric::close(std::size_t from, const CloseConnection& close) {
  const auto end = ends_.find(close.connection);
  if (end == ends_.end()) return;
  const std::size_t peer = other(from, end->second);
  ends_.erase(end);
  ConnectionClosed closed{close.connection, {ErrorCode::connection_lost, "closed", ""}, 0, false};
  deliver(from, closed);
  closed.application_code = close.code;
  closed.by_application = true;
  deliver(peer, closed);
}

void Fabric::cut(ConnectionId connection) {
  const auto end = ends_.find(connection);
  if (end == ends_.end()) return;
  const End both = end->second;
  ends_.erase(end);
  const ConnectionClosed closed{connection, {ErrorCode::connection_lost, "cut", ""}, 0, false};
  deliver(both.a, closed);
  deliver(both.b, closed);
}

std::vector<ConnectionId> Fabric::connections() const {
  std::vector<ConnectionId> ids;
  for (const auto& [connection, end] : ends_) ids.push_back(connection);
  return ids;
}

ConnectionId Fabric::connect_stranger(std::size_t to, const CodeEntropy& entropy,
                                      const DeviceId& tls_key) {
  const ConnectionId connection{++last_connection_};
  ends_.emplace(connection, End{kStranger, to});
  ConnectionOpened acceptor{connection, {}, tls_key, derive_code_keys(entropy).rendezvous->id(),
                            false,      {}};
  acceptor.exporter[0] = static_cast<std::byte>(last_connection_);
  acceptor.exporter[1] = static_cast<std::byte>(last_connection_ >> 8);
  deliver(to, acceptor);
  settle();
  if (is_open(connection)) {
    deliver(to, StreamOpened{connection, StreamId{0}, StreamKind::bidirectional});
    settle();
  }
  return connection;
}

void Fabric::send_from_stranger(ConnectionId connection, ByteView bytes) {
  const auto end = ends_.find(connection);
  if (end == ends_.end()) return;
  deliver(end->second.b, StreamReceived{connection, StreamId{0}, bytes, false});
  settle();
}

}  // namespace kith::pairing
