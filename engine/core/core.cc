#include "engine/core/core.h"

#include <algorithm>
#include <utility>

#include "engine/base/append.h"
#include "engine/base/check.h"
#include "engine/base/text.h"
#include "engine/core/server_names.h"
#include "engine/transfer/transfer.h"

namespace kith {
namespace {

SecretKey secret_of(const MasterKey& key) { return SecretKey::copy_of(key.bytes); }

quic::EndpointConfig quic_config(const Config& config, const Identity& identity) {
  quic::EndpointConfig quic;
  quic.idle_timeout = config.idle_timeout;
  quic.keep_alive = config.keep_alive;
  quic.handshake_timeout = config.connect_timeout;
  const ByteView reset_key = identity.stateless_reset_key().view();
  std::copy(reset_key.begin(), reset_key.end(), quic.reset_key.emplace().begin());
  return quic;
}

}  // namespace

Engine::Core::Core(const Config& config, const MasterKey& key, const RestoredState& restored,
                   const Seed& seed, Instant now, std::int64_t unix_ms)
    : clock_{now, unix_ms},
      now_(now),
      identity_(secret_of(key)),
      own_key_(std::make_shared<const KeyPair>(identity_.key_pair().clone())),
      devices_(identity_.id(), identity_.store_sealing_key().clone(),
               RandomSource(seed).fork("registry")) {
  counters_["store.unreadable_device"] = devices_.restore(restored);
  RandomSource root(seed);
  register_protocols(config, restored, root);
  registered_ = register_applications(config.protocols);
  access_.emplace(own_key_, *pairing_, protocols_, devices_,
                  [this] { return this->unix_ms(now_); });
  endpoint_.emplace(quic_config(config, identity_), *access_, root.fork("quic"));
  dialer_.emplace(*endpoint_, [this](const Address& remote) { return socket_for(remote); });
  locator_.emplace(
      config, clean_device_name(config.device_name), identity_, restored,
      [this](Instant at) { return this->unix_ms(at); }, naming(), root.fork("discovery"));
}

discovery::Naming Engine::Core::naming() {
  return {[this](const Address& bind) { return sockets_.add(bind, std::nullopt, /*quic=*/false); },
          [this] { return ids_.store_op(); }, [this] { return ResolveId{++last_resolve_}; }};
}

void Engine::Core::register_protocols(const Config& config, const RestoredState& restored,
                                      RandomSource& root) {
  auto pairing = std::make_unique<pairing::PairingProtocol>(
      pairing::PairingConfig{config.pairing_code_lifetime, clean_device_name(config.device_name)},
      identity_, devices_, EffectIds(protocols_.next_index()), root.fork("pairing"));
  pairing_ = pairing.get();
  auto added =
      protocols_.add(std::string(pairing::kPairingAlpn), Access::anyone, std::move(pairing));
  KITH_CHECK(added.has_value());
  auto transfer = std::make_unique<transfer::TransferProtocol>(EffectIds(protocols_.next_index()),
                                                               root.fork("transfer"));
  added = protocols_.add(std::string(transfer::kTransferAlpn), Access::paired, std::move(transfer));
  KITH_CHECK(added.has_value());
  auto messaging = std::make_unique<messaging::MessagingProtocol>(
      devices_, restored, EffectIds(protocols_.next_index()), root.fork("messaging"));
  messaging_ = messaging.get();
  added =
      protocols_.add(std::string(messaging::kMessageAlpn), Access::paired, std::move(messaging));
  KITH_CHECK(added.has_value());
}

Result<void> Engine::Core::register_applications(
    const std::vector<ApplicationProtocol>& protocols) {
  for (const ApplicationProtocol& protocol : protocols) {
    auto machine = std::make_unique<application::ApplicationMachine>(
        protocol.alpn, EffectIds(protocols_.next_index()));
    const auto* registered = machine.get();
    const auto added = protocols_.add(protocol.alpn, protocol.access, std::move(machine));
    if (!added) return tl::unexpected(added.error());
    applications_.push_back(registered);
  }
  return {};
}

void Engine::Core::handle(Instant now, const Input& input) {
  KITH_CHECK_MSG(outputs_.empty(), "outputs are drained before the next input");
  KITH_CHECK_MSG(now >= now_, "time goes forward");
  now_ = now;
  pairing_->set_unix_ms(unix_ms(now));
  std::visit([&](const auto& concrete) { on_input(now, concrete); }, input);
  pump(now);
  for (const Dialer::Silence& silence : dialer_->take_silences()) {
    locator_->not_reached(now, silence.who, silence.address);
  }
  update_locator(now);
  drain_locator(now);
}

std::optional<Output> Engine::Core::poll_output() {
  if (outputs_.empty()) return std::nullopt;
  std::optional<Output> output(std::move(outputs_.front()));
  outputs_.pop_front();
  return output;
}

std::optional<Transmit> Engine::Core::poll_datagrams(Instant now, SocketId socket,
                                                     std::span<std::byte> out,
                                                     std::size_t max_segments) {
  if (locator_->owns(socket)) return locator_->poll_datagrams(socket, out);
  return endpoint_->poll_datagrams(now, socket, out, max_segments);
}

std::optional<Wakeup> Engine::Core::next_wakeup() const {
  std::optional<Wakeup> earliest = endpoint_->next_wakeup();
  const auto earlier = [&earliest](const std::optional<Wakeup>& wakeup) {
    if (wakeup && (!earliest || wakeup->at < earliest->at)) earliest = wakeup;
  };
  for (const auto& entry : protocols_.entries()) earlier(entry.protocol->next_wakeup());
  if (const auto at = dialer_->next_wakeup()) earlier(Wakeup{*at, "dialer"});
  if (const Instant at = revocations_.next_due(); at != Instant::never()) {
    earlier(Wakeup{at, "revocation"});
  }
  if (const auto at = locator_->next_wakeup(now_)) earlier(Wakeup{*at, "discovery"});
  return earliest;
}

std::map<std::string_view, std::uint64_t> Engine::Core::counters() const {
  auto all = counters_;
  all.insert(endpoint_->counters().begin(), endpoint_->counters().end());
  all.insert(pairing_->counters().begin(), pairing_->counters().end());
  all.insert(messaging_->counters().begin(), messaging_->counters().end());
  for (const auto* application : applications_) {
    all["application.too_many_connections"] += application->refused_connections();
  }
  locator_->add_counters(all);
  return all;
}

void Engine::Core::check_invariants() const {
  devices_.check_invariants();
  endpoint_->check_invariants();
  for (const auto& entry : protocols_.entries()) entry.protocol->check_invariants();
  for (const auto& [connection, link] : links_) {
    if (!link.paired) continue;
    KITH_CHECK(devices_.state(link.peer) == DeviceState::connected);
  }
}

// --- inputs -------------------------------------------------------------------------------------

void Engine::Core::on_input(Instant now, const DatagramsReceived& input) {
  if (locator_->owns(input.socket)) return locator_->handle_datagrams(now, input);
  endpoint_->handle_datagrams(now, input);
}

void Engine::Core::on_input(Instant now, const SocketOpened& input) {
  const auto* socket = sockets_.find(input.socket);
  if (socket == nullptr) {  // cancelled while it was being opened
    outputs_.push_back(CloseSocket{input.socket});
    return;
  }
  sockets_.opened(input.socket, input.local);
  if (!socket->quic) return locator_->socket_opened(now, input.socket);
  if (socket->request) emit(Listening{*socket->request, input.socket, input.local});
  tell_lost(now, dialer_->socket_opened(now, input.socket));
}

void Engine::Core::on_input(Instant now, const SocketFailed& input) {
  const auto* socket = sockets_.find(input.socket);
  if (socket == nullptr) return;
  if (!socket->quic) locator_->socket_failed(now, input.socket);
  if (socket->request) emit(RequestFailed{*socket->request, input.error});
  sockets_.erase(input.socket);
  tell_lost(now, dialer_->socket_failed(now, input.socket, input.error));
}

void Engine::Core::on_input(Instant now, const TimerFired&) {
  endpoint_->handle_timeout(now);
  for (std::uint16_t i = 0; i < protocols_.entries().size(); ++i) {
    const auto wakeup = protocol_at(i).next_wakeup();
    if (wakeup && wakeup->at <= now) give(now, i, TimerDue{});
  }
  tell_lost(now, dialer_->on_wakeup(now));
  for (StoreCommit& commit : revocations_.due(now)) outputs_.push_back(std::move(commit));
  locator_->on_wakeup(now);
}

void Engine::Core::on_input(Instant now, const NetworkChanged& input) {
  locator_->set_networks(now, input);
}

void Engine::Core::on_input(Instant now, const HostResolved& input) {
  locator_->host_resolved(now, input);
}

void Engine::Core::on_input(Instant now, const WallClock& input) {
  clock_ = {now, input.unix_ms};
  pairing_->set_unix_ms(input.unix_ms);
}

void Engine::Core::on_input(Instant, const Entropy& input) {
  endpoint_->mix(input.bytes);
  devices_.mix(input.bytes);
  for (auto& entry : protocols_.entries()) entry.protocol->mix(input.bytes);
}

void Engine::Core::on_input(Instant now, const StoreCompleted& input) {
  const std::uint16_t owner = EffectIds::owner_of(input.op);
  if (owner != kOwnEffects) return give(now, owner, input);
  if (!input.outcome) ++counters_["store.commit_failed"];
  if (locator_->owns(input.op)) return locator_->stored(now, input);
  if (auto revoked = revocations_.stored(now, input)) emit(std::move(*revoked));
}

void Engine::Core::on_input(Instant now, const FileCompleted& input) {
  give(now, EffectIds::owner_of(input.op), input);
}

void Engine::Core::on_input(Instant now, const ComputeCompleted& input) {
  give(now, EffectIds::owner_of(input.id), input);
}

void Engine::Core::on_input(Instant now, const Command& input) {
  std::visit([&](const auto& command) { on_command(now, command); }, input);
  for (std::uint16_t i = 0; i < protocols_.entries().size(); ++i) give(now, i, input);
}

// --- commands of the core -----------------------------------------------------------------------

void Engine::Core::on_command(Instant, const Listen& command) {
  const auto socket = sockets_.add(command.bind, command.request);
  if (!socket) {
    return emit(RequestFailed{command.request,
                              {ErrorCode::limit_exceeded, "too many sockets are open", ""}});
  }
  outputs_.push_back(OpenSocket{*socket, command.bind});
}

void Engine::Core::on_command(Instant now, const Cancel& command) {
  const auto ended = sockets_.of_request(command.request);
  for (const SocketId socket : ended) {
    if (sockets_.find(socket)->open) outputs_.push_back(CloseSocket{socket});
    sockets_.erase(socket);
  }
  // Who listens nowhere any more is leaving. Peers that are not told find out by silence only.
  if (!ended.empty() && !sockets_.any_listening()) {
    for (const auto& [connection, link] : links_) {
      endpoint_->close(now, connection, kLeaving, "leaving");
    }
  }
}

void Engine::Core::on_command(Instant now, const AddDeviceAddress& command) {
  locator_->learn_manual(now, command.device, command.address);
}

void Engine::Core::on_command(Instant now, const RemoveDevice& command) {
  auto summary = devices_.summary(command.device);
  if (!summary) return;
  cut_connections(now, command.device);
  devices_.apply(command.device, DeviceTrigger::removed);
  locator_->forget(command.device);
  outputs_.push_back(revocations_.revoke({device_store_key(command.device), std::nullopt},
                                         {std::move(*summary), true}));
}

void Engine::Core::on_command(Instant now, const BlockDevice& command) {
  cut_connections(now, command.device);
  DeviceRecord record;
  if (const DeviceRecord* known = devices_.find(command.device)) record = known->clone();
  record.id = command.device;
  record.blocked = true;
  StoreChange change = devices_.change_to(record);
  // Refused from this moment, whatever becomes of the write.
  devices_.put(std::move(record), DeviceTrigger::blocked);
  outputs_.push_back(
      revocations_.revoke(std::move(change), {*devices_.summary(command.device), false}));
}

void Engine::Core::on_command(Instant, const Connect& command) {
  const bool known =
      std::any_of(applications_.begin(), applications_.end(),
                  [&](const auto* application) { return application->alpn() == command.alpn; });
  if (known) return;  // its machine answers
  emit(ConnectFailed{
      command.request,
      {ErrorCode::not_found, "the application has no protocol named " + printable(command.alpn),
       "name it in Config::protocols"}});
}

// --- events of the endpoint ---------------------------------------------------------------------

void Engine::Core::pump(Instant now) {
  for (bool busy = true; busy;) {
    busy = false;
    while (const auto event = endpoint_->poll_event()) {
      std::visit([&](const auto& concrete) { on_event(now, concrete); }, *event);
      busy = true;
    }
    for (std::uint16_t i = 0; i < protocols_.entries().size(); ++i) {
      while (const auto output = protocol_at(i).poll_output()) {
        std::visit([&](const auto& concrete) { carry_out(now, i, concrete); }, *output);
        busy = true;
      }
    }
  }
}

// --- discovery ----------------------------------------------------------------------------------

// What has changed of that which others find this device by, and this device others.
void Engine::Core::update_locator(Instant now) {
  if (devices_.version() != told_devices_) {
    told_devices_ = devices_.version();
    std::vector<discovery::Peer> peers;
    for (const auto& [id, record] : devices_.records()) {
      if (record.blocked) continue;
      peers.push_back({id, record.name, record.visibility_key});
      if (record.reached_at) locator_->learn_connected(now, id, *record.reached_at);
    }
    locator_->set_peers(now, std::move(peers));
  }
  if (sockets_.version() != told_sockets_) {
    told_sockets_ = sockets_.version();
    locator_->set_listening(now, sockets_.listening());
  }
  if (!locator_->searches()) return;
  std::optional<discovery::Meeting> meeting;
  if (const pairing::CodeKeys* code = pairing_->live_code()) {
    meeting = discovery::Meeting{code->rendezvous, code->discovery};
  }
  locator_->set_meeting(now, meeting);
}

void Engine::Core::drain_locator(Instant now) {
  while (auto output = locator_->poll_output(now)) {
    std::visit([&](auto& concrete) { carry_out(now, concrete); }, *output);
  }
}

void Engine::Core::carry_out(Instant now, const discovery::Found& output) {
  dialer_->found(now, output.who, locator_->best(now, output.who, kMaxDialAddresses));
}

void Engine::Core::on_event(Instant now, const quic::Connected& event) {
  const auto* entry = protocols_.find(event.alpn);
  const auto won = dialer_->connected(now, event.connection);
  if (won && !dialer_->is_dialling(won->who)) locator_->stop_looking(won->who);
  if (entry == nullptr || event.initiated_here != won.has_value()) {
    endpoint_->close(now, event.connection, 0, "not expected");
    return;
  }
  const std::uint16_t index = protocols_.index_of(*entry);
  const DeviceRecord* record = devices_.find(event.peer);
  const bool blocked = record != nullptr && record->blocked;
  const auto proof = event.by_psk ? proof_of(now, event, won) : std::optional(Proof::key);
  if (blocked || !proof) {
    // It was when the handshake began: a person has decided otherwise meanwhile.
    endpoint_->close(now, event.connection, kRevoked, "revoked");
    if (!won) return;
    const Error error{ErrorCode::permission_denied, "the device was removed or blocked meanwhile",
                      ""};
    return tell_lost(now, {won->dial, error});
  }
  links_.emplace(event.connection, Link{index, event.peer, event.by_psk, event.remote});
  if (event.by_psk) note_connected(now, event, *proof);
  ConnectionOpened opened;
  opened.connection = event.connection;
  if (won) opened.dial = won->dial;
  opened.peer = event.peer;
  opened.own_key = event.own_key;
  opened.paired = event.by_psk;
  opened.exporter = event.exporter;
  opened.remote = event.remote;
  give(now, index, opened);
}

// Which secret a PSK connection has proven; none if the device was removed or has paired anew
// since.
std::optional<Engine::Core::Proof> Engine::Core::proof_of(Instant now, const quic::Connected& event,
                                                          const std::optional<Dialer::Won>& won) {
  const auto of_secret = [](bool provisional) {
    return provisional ? Proof::provisional_secret : Proof::secret;
  };
  if (!won) {
    const auto* match = devices_.psk_match(event.psk_identity, unix_ms(now));
    if (match == nullptr || match->peer != event.peer) return std::nullopt;
    return of_secret(match->provisional);
  }
  for (const PskOffer& offer : devices_.psk_offers(event.peer, unix_ms(now))) {
    if (offer.key == won->psk) return of_secret(offer.provisional);
  }
  return std::nullopt;
}

void Engine::Core::note_connected(Instant now, const quic::Connected& event, Proof proof) {
  if (proof == Proof::provisional_secret) pairing_->finish_provisional(event.peer);
  const bool moved = devices_.apply(event.peer, DeviceTrigger::connection_opened);
  KITH_CHECK_MSG(moved, "a device that proved its secret is paired");
  devices_.note_seen(event.peer, event.remote.to_string(), unix_ms(now));
  if (event.initiated_here) {
    locator_->learn_connected(now, event.peer, event.remote);
    devices_.note_reached(event.peer, event.remote);
  }
  outputs_.push_back(
      StoreCommit{ids_.store_op(), {devices_.change_to(*devices_.find(event.peer))}});
  emit_device(event.peer);
}

void Engine::Core::on_event(Instant now, const StreamOpened& event) {
  to_protocol_of(now, event.connection, event);
}
void Engine::Core::on_event(Instant now, const StreamReady& event) {
  to_protocol_of(now, event.connection, event);
}
void Engine::Core::on_event(Instant now, const StreamWritable& event) {
  to_protocol_of(now, event.connection, event);
}
void Engine::Core::on_event(Instant now, const StreamReset& event) {
  to_protocol_of(now, event.connection, event);
}
void Engine::Core::on_event(Instant now, const StreamStopped& event) {
  to_protocol_of(now, event.connection, event);
}

void Engine::Core::on_event(Instant now, const quic::StreamReadable& event) {
  const auto readable = endpoint_->take(event.connection, event.stream);
  if (readable.bytes.empty() && !readable.fin) return;
  to_protocol_of(now, event.connection,
                 StreamReceived{event.connection, event.stream, readable.bytes, readable.fin});
}

void Engine::Core::on_event(Instant now, const quic::Closed& event) {
  if (const auto lost = dialer_->closed(now, event.connection, event.reason)) {
    tell_lost(now, *lost);
  }
  const auto found = links_.find(event.connection);
  if (found == links_.end()) return;
  const Link link = found->second;
  links_.erase(found);
  if (link.paired && !has_connection(link.peer) &&
      devices_.apply(link.peer, DeviceTrigger::connections_closed)) {
    emit_device(link.peer);
  }
  ConnectionClosed closed;
  closed.connection = event.connection;
  closed.error = error_of(event.reason);
  closed.by_application = event.reason.kind == quic::CloseReason::Kind::peer_application;
  closed.application_code = closed.by_application ? event.reason.code : 0;
  give(now, link.protocol, closed);
}

template <class StreamEvent>
void Engine::Core::to_protocol_of(Instant now, ConnectionId connection, const StreamEvent& event) {
  const auto link = links_.find(connection);
  if (link != links_.end()) give(now, link->second.protocol, event);
}

// --- outputs of protocols -----------------------------------------------------------------------

void Engine::Core::carry_out(Instant now, std::uint16_t owner, const DialDevice& output) {
  DialTarget target = target_by_pairing(now, owner, output.device);
  if (target.hellos.empty()) return tell_unpaired(now, output.dial, output.device);
  dial(now, output.dial, std::move(target), kDiscoveryPatience);
}

void Engine::Core::tell_unpaired(Instant now, DialId dial, const DeviceId& device) {
  tell_lost(now, {dial,
                  {ErrorCode::permission_denied,
                   "the device " + device.to_hex() + " is not paired with this one",
                   "pair the two devices first"}});
}

DialTarget Engine::Core::target_by_pairing(Instant now, std::uint16_t owner,
                                           const DeviceId& device) {
  DialTarget target;
  for (const auto& offer : devices_.psk_offers(device, unix_ms(now))) {
    quic::ClientHello hello;
    hello.alpns = {protocols_.entries()[owner].alpn};
    hello.psk = quic::ClientHello::Psk{offer.identity, offer.key, device};
    target.hellos.push_back(std::move(hello));
  }
  target.who = device;
  target.addresses = locator_->best(now, device, kMaxDialAddresses);
  if (!target.hellos.empty()) locator_->look_for(now, device, now + kDiscoveryPatience);
  return target;
}

void Engine::Core::carry_out(Instant now, std::uint16_t owner, const DialKey& output) {
  quic::ClientHello hello;
  hello.server_name = server_name_of(output.expected);
  hello.alpns = {protocols_.entries()[owner].alpn};
  hello.key = output.present;
  hello.expected_key = output.expected;
  std::vector<Address> addresses = output.addresses;
  for (const Address& address : locator_->best(now, output.expected, kMaxDialAddresses)) {
    append_once(addresses, address);
  }
  // Nothing but a meeting is found by a key that is no device's.
  const Duration patience = output.sealing_secret ? kMeetingPatience : Duration{};
  if (output.sealing_secret) {
    locator_->look_for(now, output.expected, now + patience, output.sealing_secret);
  }
  dial(now, output.dial, {output.expected, std::move(addresses), {std::move(hello)}}, patience);
}

void Engine::Core::carry_out(Instant now, std::uint16_t owner, const DialPeer& output) {
  const DeviceRecord* record = devices_.find(output.device);
  if (record != nullptr && record->blocked) {
    return tell_lost(now, {output.dial,
                           {ErrorCode::permission_denied,
                            "the device " + output.device.to_hex() + " is blocked here",
                            "remove it to lift that"}});
  }
  DialTarget target = target_by_pairing(now, owner, output.device);
  std::vector<Address> addresses = output.addresses;
  for (const Address& address : target.addresses) {
    append_once(addresses, address);
  }
  if (!target.hellos.empty()) {
    target.addresses = std::move(addresses);
    return dial(now, output.dial, std::move(target), kDiscoveryPatience);
  }
  if (protocols_.entries()[owner].access == Access::paired) {
    return tell_unpaired(now, output.dial, output.device);
  }
  carry_out(now, owner, DialKey{output.dial, std::move(addresses), output.device, own_key_});
}

void Engine::Core::dial(Instant now, DialId dial, DialTarget target, Duration patience) {
  const Instant found_until = locator_->searches() ? now + patience : now;
  if (const auto lost = dialer_->dial(now, dial, std::move(target), found_until)) {
    tell_lost(now, *lost);
  }
}

void Engine::Core::carry_out(Instant now, std::uint16_t, const CloseConnection& output) {
  endpoint_->close(now, output.connection, output.code, output.reason);
}
void Engine::Core::carry_out(Instant, std::uint16_t, const OpenStream& output) {
  endpoint_->open_stream(output.connection, output.kind, output.tag);
}
void Engine::Core::carry_out(Instant, std::uint16_t, const StreamWrite& output) {
  endpoint_->write(output.connection, output.stream, output.data, output.fin);
}
void Engine::Core::carry_out(Instant, std::uint16_t, const AwaitWritable& output) {
  endpoint_->await_writable(output.connection, output.stream);
}
void Engine::Core::carry_out(Instant, std::uint16_t, const StreamCredit& output) {
  endpoint_->credit(output.connection, output.stream, output.bytes);
}
void Engine::Core::carry_out(Instant, std::uint16_t, const ResetStream& output) {
  endpoint_->reset_stream(output.connection, output.stream, output.code);
}
void Engine::Core::carry_out(Instant, std::uint16_t, const StopStream& output) {
  endpoint_->stop_stream(output.connection, output.stream, output.code);
}

void Engine::Core::carry_out(Instant, std::uint16_t, const StoreCommit& output) {
  revocations_.superseded_by(output);
  outputs_.push_back(output);
}

// --- shared -------------------------------------------------------------------------------------

void Engine::Core::tell_lost(Instant now, const Dialer::Lost& lost) {
  give(now, EffectIds::owner_of(lost.dial), DialFailed{lost.dial, lost.error});
}

void Engine::Core::tell_lost(Instant now, const std::vector<Dialer::Lost>& lost) {
  for (const Dialer::Lost& each : lost) tell_lost(now, each);
}

std::optional<Dialer::LocalSocket> Engine::Core::socket_for(const Address& remote) {
  if (const auto id = sockets_.find_for(remote)) {
    const auto* socket = sockets_.find(*id);
    return Dialer::LocalSocket{*id, socket->local, socket->open};
  }
  Address any;
  any.family = remote.family;
  const auto id = sockets_.add(any, std::nullopt);
  if (!id) return std::nullopt;
  outputs_.push_back(OpenSocket{*id, any});
  return Dialer::LocalSocket{*id, any, false};
}

void Engine::Core::cut_connections(Instant now, const DeviceId& device) {
  for (const auto& [connection, link] : links_) {
    if (link.peer == device) endpoint_->close(now, connection, kRevoked, "revoked");
  }
}

bool Engine::Core::has_connection(const DeviceId& device) const {
  return std::any_of(links_.begin(), links_.end(), [&](const auto& entry) {
    return entry.second.paired && entry.second.peer == device;
  });
}

void Engine::Core::give(Instant now, std::uint16_t owner, const ProtocolInput& input) {
  KITH_CHECK(owner < protocols_.entries().size());
  protocol_at(owner).handle(now, input);
}

std::int64_t Engine::Core::unix_ms(Instant now) const {
  constexpr std::int64_t kNsPerMs = 1'000'000;
  return clock_.unix_ms + (now - clock_.at).count() / kNsPerMs;
}

void Engine::Core::emit_device(const DeviceId& device) {
  if (auto summary = devices_.summary(device)) emit(DeviceChanged{std::move(*summary), false});
}

}  // namespace kith
