#include "engine/pairing/pairing.h"

#include <algorithm>
#include <utility>

#include "engine/base/check.h"
#include "engine/words/bip39.h"

namespace kith::pairing {
namespace {

template <class Map, class Predicate>
typename Map::iterator find_where(Map& map, Predicate predicate) {
  return std::find_if(map.begin(), map.end(),
                      [&](const auto& entry) { return predicate(entry.second); });
}

// Acceptor's steps in which the joiner has not yet shown that it knows the words.
bool is_unproven(Step step) {
  return step == Step::awaiting_share || step == Step::awaiting_confirm;
}

std::vector<std::string> split_words(std::string_view phrase) {
  std::vector<std::string> words;
  while (!phrase.empty()) {
    const std::size_t end = std::min(phrase.find(' '), phrase.size());
    words.emplace_back(phrase.substr(0, end));
    phrase.remove_prefix(std::min(end + 1, phrase.size()));
  }
  return words;
}

}  // namespace

PairingProtocol::PairingProtocol(PairingConfig config, const Identity& identity,
                                 DeviceRegistry& registry, EffectIds ids, RandomSource random)
    : config_(std::move(config)),
      identity_(identity),
      registry_(registry),
      ids_(ids),
      random_(std::move(random)) {}

void PairingProtocol::handle(Instant now, const ProtocolInput& input) {
  std::visit([&](const auto& concrete) { on_input(now, concrete); }, input);
}

std::optional<ProtocolOutput> PairingProtocol::poll_output() {
  if (outputs_.empty()) return std::nullopt;
  std::optional<ProtocolOutput> output(std::move(outputs_.front()));
  outputs_.pop_front();
  return output;
}

std::optional<Wakeup> PairingProtocol::next_wakeup() const {
  Instant at = Instant::never();
  if (code_ && !code_->claimed_by) at = code_->expires;
  for (const auto& [connection, attempt] : attempts_) {
    at = std::min(at, attempt.session->deadline());
  }
  if (at == Instant::never()) return std::nullopt;
  return Wakeup{at, "pairing"};
}

void PairingProtocol::check_invariants() const {
  const auto unproven = std::count_if(attempts_.begin(), attempts_.end(), [](const auto& entry) {
    return is_unproven(entry.second.session->step());
  });
  KITH_CHECK(static_cast<std::size_t>(unproven) <= kMaxAttempts);
  if (code_ && code_->claimed_by) KITH_CHECK(attempts_.contains(*code_->claimed_by));
  for (const auto& [connection, attempt] : attempts_) {
    KITH_CHECK(!attempt.session->over());
    const Step step = attempt.session->step();
    KITH_CHECK(attempt.write.has_value() == (step == Step::storing || step == Step::sealing));
  }
}

std::shared_ptr<const KeyPair> PairingProtocol::rendezvous_key(const DeviceId& key) const {
  if (!code_ || code_->keys.rendezvous->id() != key) return nullptr;
  return code_->keys.rendezvous;
}

void PairingProtocol::finish_provisional(const DeviceId& peer) {
  const DeviceRecord* known = registry_.find(peer);
  if (known == nullptr || !known->provisional) return;
  DeviceRecord record = known->clone();
  record.secret = std::move(record.provisional);
  record.provisional.reset();
  const StoreOpId op = ids_.store_op();
  outputs_.push_back(StoreCommit{op, {registry_.change_to(record)}});
  // The proof can be repeated at every contact, so nothing is lost if this write is.
  const std::string name = record.name;
  registry_.put(std::move(record), DeviceTrigger::peer_committed);
  amendments_.emplace(op, peer);
  emit(Paired{{}, peer, name});
}

// --- commands -----------------------------------------------------------------------------------

void PairingProtocol::on_input(Instant now, const Command& input) {
  std::visit([&](const auto& command) { on_command(now, command); }, input);
}

void PairingProtocol::on_command(Instant now, const StartPairing& command) {
  if (code_) {
    emit(PairingFailed{command.request,
                       {ErrorCode::already_exists, "a pairing is in progress on this device",
                        "finish or cancel it first"}});
    return;
  }
  const auto entropy = random_.bytes<16>();
  code_ = Code{command.request, derive_code_keys(entropy), now + config_.code_lifetime, {}, {}, {}};
  emit(PairingCodeReady{command.request, split_words(words::from_entropy(entropy)),
                        config_.code_lifetime});
}

void PairingProtocol::on_command(Instant, const JoinPairing& command) {
  Join join{command.request, derive_code_keys(command.code_entropy),
            std::make_shared<const KeyPair>(KeyPair::random(random_))};
  const DialId dial = ids_.dial();
  outputs_.push_back(DialKey{dial, command.addresses, join.keys.rendezvous->id(), join.own_key,
                             join.keys.discovery});
  joins_.emplace(dial, std::move(join));
}

void PairingProtocol::on_command(Instant now, const ConfirmPairing& command) {
  const auto attempt = find_where(attempts_, [&](const Attempt& a) {
    return a.request == command.request && a.session->step() == Step::deciding;
  });
  if (attempt == attempts_.end()) return;
  attempt->second.session->decide(now, command.accept);
  drain(now, attempt);
}

void PairingProtocol::on_command(Instant now, const Cancel& command) {
  const Error cancelled{ErrorCode::cancelled, "the pairing was cancelled", ""};
  if (const auto join =
          find_where(joins_, [&](const Join& j) { return j.request == command.request; });
      join != joins_.end()) {
    joins_.erase(join);
    emit(PairingFailed{command.request, cancelled});
  }
  for (auto next = attempts_.begin(); next != attempts_.end();) {
    const auto attempt = next++;
    if (attempt->second.request != command.request) continue;
    attempt->second.session->decide(now, false);
    drain(now, attempt);
  }
  if (code_ && code_->request == command.request && !code_->claimed_by) {
    code_.reset();
    emit(PairingFailed{command.request, cancelled});
  }
}

void PairingProtocol::on_command(Instant now, const RemoveDevice& command) {
  revoke(now, command.device);
}
void PairingProtocol::on_command(Instant now, const BlockDevice& command) {
  revoke(now, command.device);
}

// A write that is under way is older than the one that removes or blocks, so that one stands.
void PairingProtocol::revoke(Instant now, const DeviceId& device) {
  for (auto next = attempts_.begin(); next != attempts_.end();) {
    const auto attempt = next++;
    const auto& peer = attempt->second.session->peer();
    if (!peer || peer->device != device) continue;
    attempt->second.session->revoke(now);
    drain(now, attempt);
  }
}

// --- connections --------------------------------------------------------------------------------

void PairingProtocol::on_input(Instant now, const ConnectionOpened& input) {
  if (!input.dial) return open_as_acceptor(now, input);
  const auto join = joins_.find(*input.dial);
  if (join == joins_.end()) return close(input.connection, Rejection::declined);
  open_as_joiner(now, input, join->second);
  joins_.erase(join);
}

void PairingProtocol::open_as_joiner(Instant now, const ConnectionOpened& input, const Join& join) {
  const Channel channel{input.exporter, join.own_key->id(), join.keys.rendezvous->id()};
  Attempt attempt;
  attempt.request = join.request;
  attempt.tls_key = input.peer;
  attempt.remote = input.remote;
  attempt.session =
      std::make_unique<Session>(now, CPaceRole::initiator, channel, join.keys.password,
                                LocalDevice{identity_, config_.device_name}, registry_, random_);
  outputs_.push_back(OpenStream{input.connection, StreamKind::bidirectional, 0});
  drain(now, attempts_.emplace(input.connection, std::move(attempt)).first);
}

void PairingProtocol::open_as_acceptor(Instant now, const ConnectionOpened& input) {
  if (!code_ || code_->keys.rendezvous->id() != input.own_key || code_->claimed_by) {
    ++counters_["pairing.no_code"];
    return close(input.connection, Rejection::code_used);
  }
  const auto failures = code_->failures.find(input.peer);
  if (failures != code_->failures.end() && failures->second >= kMaxFailuresPerKey) {
    ++counters_["pairing.too_many_failures"];
    return close(input.connection, Rejection::busy);
  }
  make_room_for_attempt(now);
  const Channel channel{input.exporter, input.peer, code_->keys.rendezvous->id()};
  Attempt attempt;
  attempt.request = code_->request;
  attempt.tls_key = input.peer;
  attempt.remote = input.remote;
  attempt.session =
      std::make_unique<Session>(now, CPaceRole::responder, channel, code_->keys.password,
                                LocalDevice{identity_, config_.device_name}, registry_, random_);
  attempts_.emplace(input.connection, std::move(attempt));
}

void PairingProtocol::make_room_for_attempt(Instant now) {
  const auto unproven = [](const Attempt& attempt) { return is_unproven(attempt.session->step()); };
  const auto count = std::count_if(attempts_.begin(), attempts_.end(),
                                   [&](const auto& entry) { return unproven(entry.second); });
  if (static_cast<std::size_t>(count) < kMaxAttempts) return;
  // Connections are numbered in the order they came, so the first is the oldest.
  const auto oldest = find_where(attempts_, unproven);
  ++counters_["pairing.attempt_displaced"];
  oldest->second.session->expire(now);
  drain(now, oldest);
}

void PairingProtocol::on_input(Instant, const DialFailed& input) {
  const auto join = joins_.find(input.dial);
  if (join == joins_.end()) return;
  Error error = input.error;
  if (error.code == ErrorCode::refused) {
    error.message = "the other device does not know these words";
    error.hint = "compare the words; a code is valid for five minutes and one use";
  }
  emit(PairingFailed{join->second.request, std::move(error)});
  joins_.erase(join);
}

void PairingProtocol::on_input(Instant now, const ConnectionClosed& input) {
  const auto attempt = attempts_.find(input.connection);
  if (attempt == attempts_.end()) return;
  attempt->second.connected = false;
  if (input.by_application) {
    attempt->second.session->rejected(now, rejection_of_code(input.application_code));
  } else {
    attempt->second.session->connection_lost(now, input.error);
  }
  drain(now, attempt);
}

// --- streams ------------------------------------------------------------------------------------

void PairingProtocol::on_input(Instant now, const StreamOpened& input) {
  const auto attempt = attempts_.find(input.connection);
  if (attempt == attempts_.end()) return;
  if (attempt->second.stream || input.kind != StreamKind::bidirectional) {
    attempt->second.session->receive_garbage(now);
  } else {
    attempt->second.stream = input.stream;
  }
  drain(now, attempt);
}

void PairingProtocol::on_input(Instant, const StreamReady& input) {
  const auto attempt = attempts_.find(input.connection);
  if (attempt == attempts_.end()) return;
  attempt->second.stream = input.stream;
  for (const Message& message : std::exchange(attempt->second.unsent, {})) send(attempt, message);
}

void PairingProtocol::on_input(Instant now, const StreamReceived& input) {
  const auto attempt = attempts_.find(input.connection);
  if (attempt == attempts_.end() || attempt->second.stream != input.stream) return;
  outputs_.push_back(StreamCredit{input.connection, input.stream, input.bytes.size()});
  Attempt& state = attempt->second;
  state.frames.push(input.bytes);
  while (const auto frame = state.frames.pop()) {
    const auto message = decode(*frame);
    if (message) {
      state.session->receive(now, *message);
    } else {
      ++counters_["pairing.malformed"];
      state.session->receive_garbage(now);
    }
  }
  if (state.frames.oversized()) state.session->receive_garbage(now);
  if (input.fin) state.session->peer_done(now);
  drain(now, attempt);
}

void PairingProtocol::on_input(Instant now, const StreamReset& input) {
  const auto attempt = attempts_.find(input.connection);
  if (attempt == attempts_.end()) return;
  attempt->second.session->peer_done(now);
  drain(now, attempt);
}

void PairingProtocol::on_input(Instant now, const StreamStopped& input) {
  on_input(now, StreamReset{input.connection, input.stream, input.code});
}

// --- completions and time -----------------------------------------------------------------------

void PairingProtocol::on_input(Instant now, const StoreCompleted& input) {
  if (const auto amendment = amendments_.find(input.op); amendment != amendments_.end()) {
    if (!input.outcome) ++counters_["pairing.amendment_not_stored"];
    emit_device(amendment->second);
    amendments_.erase(amendment);
    return;
  }
  const auto attempt = find_where(attempts_, [&](const Attempt& a) { return a.write == input.op; });
  if (attempt == attempts_.end()) return;
  Attempt& state = attempt->second;
  state.write.reset();
  if (input.outcome) {
    const bool sealing = state.session->step() == Step::sealing;
    const DeviceId device = state.written->id;
    registry_.put(std::move(*state.written),
                  sealing ? DeviceTrigger::peer_committed : DeviceTrigger::secret_stored);
    // One use: from here on nobody else can begin with these words.
    if (claims_code(attempt->first)) code_.reset();
    emit_device(device);
    state.session->stored(now, unix_ms_);
    if (!state.connected) state.session->connection_lost(now, {});
  } else {
    state.session->store_failed(now, input.outcome.error());
  }
  state.written.reset();
  drain(now, attempt);
}

void PairingProtocol::on_input(Instant now, const TimerDue&) {
  for (auto next = attempts_.begin(); next != attempts_.end();) {
    const auto attempt = next++;
    if (attempt->second.session->deadline() > now) continue;
    attempt->second.session->expire(now);
    drain(now, attempt);
  }
  if (code_ && !code_->claimed_by && code_->expires <= now) {
    emit(PairingFailed{
        code_->request,
        {ErrorCode::timed_out, "nobody joined before the words expired", "start a new pairing"}});
    code_.reset();
  }
}

// --- what sessions ask --------------------------------------------------------------------------

void PairingProtocol::drain(Instant now, Attempts::iterator attempt) {
  while (auto output = attempt->second.session->poll_output()) {
    carry_out(now, attempt, std::move(*output));
  }
  if (attempt->second.session->over()) attempts_.erase(attempt);
}

void PairingProtocol::carry_out(Instant now, Attempts::iterator attempt, SessionOutput output) {
  if (const auto* message = std::get_if<Send>(&output)) {
    send(attempt, message->message);
  } else if (std::holds_alternative<EndStream>(output)) {
    if (attempt->second.connected && attempt->second.stream) {
      outputs_.push_back(StreamWrite{attempt->first, *attempt->second.stream, {}, true});
    }
  } else if (const auto* ask = std::get_if<AskPerson>(&output)) {
    ask_person(now, attempt, *ask);
  } else if (const auto* record = std::get_if<Write>(&output)) {
    write(attempt, *record);
  } else if (const auto* finished = std::get_if<Finished>(&output)) {
    end(attempt, *finished);
  } else if (const auto* failed = std::get_if<Failed>(&output)) {
    end(attempt, *failed);
  }
}

void PairingProtocol::ask_person(Instant now, Attempts::iterator attempt, const AskPerson& ask) {
  if (attempt->second.session->role() == CPaceRole::responder) {
    // Whoever proves the words first has the code to itself until it fails.
    if (!code_ || code_->claimed_by) {
      attempt->second.session->decide(now, false);
      return;
    }
    code_->claimed_by = attempt->first;
  }
  if (registry_.apply(ask.peer.device, DeviceTrigger::pairing_begun)) emit_device(ask.peer.device);
  emit(PairingConfirmationNeeded{attempt->second.request, ask.peer.device, ask.peer.name,
                                 ask.fingerprint});
}

void PairingProtocol::write(Attempts::iterator attempt, const Write& write) {
  const DeviceRecord* known = registry_.find(write.record.id);
  if (known != nullptr && !attempt->second.before) attempt->second.before = known->clone();
  const StoreOpId op = ids_.store_op();
  attempt->second.write = op;
  DeviceRecord& record = attempt->second.written.emplace(write.record.clone());
  record.reached_at = attempt->second.remote;
  outputs_.push_back(StoreCommit{op, {registry_.change_to(record)}});
}

void PairingProtocol::end(Attempts::iterator attempt, const Finished& finished) {
  if (attempt->second.connected) close(attempt->first, Rejection::done);
  emit(Paired{attempt->second.request, finished.peer.device, finished.peer.name});
}

void PairingProtocol::end(Attempts::iterator attempt, const Failed& failed) {
  const Attempt& state = attempt->second;
  if (state.connected) close(attempt->first, failed.tell);
  const auto& peer = state.session->peer();
  if (failed.leftover == Leftover::withdrawn) {
    withdraw(state, peer->device);
  } else if (peer && failed.leftover == Leftover::none &&
             registry_.apply(peer->device, DeviceTrigger::pairing_failed)) {
    emit_device(peer->device);
  }
  const bool joiner = state.session->role() == CPaceRole::initiator;
  const bool claimed = claims_code(attempt->first);
  // A stranger's failure, and a true joiner's lost connection, leave the code as it is; a decision
  // against the pairing, or a disk that cannot hold it, ends it.
  const bool may_return =
      failed.error.code == ErrorCode::connection_lost || failed.error.code == ErrorCode::timed_out;
  const bool ends_code = claimed && !may_return;
  if (ends_code) {
    code_.reset();
  } else if (claimed) {
    code_->claimed_by.reset();
  } else if (!joiner && failed.leftover == Leftover::none) {
    ++counters_["pairing.failed_attempt"];
    note_failure(state.tls_key);
  }
  if (joiner || failed.leftover != Leftover::none || ends_code) {
    emit(PairingFailed{state.request, failed.error});
  }
}

// What was known of the peer before is known again. A write that is still under way completes
// first, since commits complete in the order they were issued.
void PairingProtocol::withdraw(const Attempt& attempt, const DeviceId& peer) {
  const DeviceRecord* known = registry_.find(peer);
  if (known != nullptr && known->blocked) return;
  const StoreOpId op = ids_.store_op();
  if (known != nullptr && attempt.before) {
    outputs_.push_back(StoreCommit{op, {registry_.change_to(*attempt.before)}});
    registry_.put(attempt.before->clone(), DeviceTrigger::pairing_failed);
    emit_device(peer);
  } else {
    outputs_.push_back(StoreCommit{op, {{device_store_key(peer), std::nullopt}}});
    auto summary = registry_.summary(peer);
    registry_.apply(peer, DeviceTrigger::removed);
    if (summary) emit(DeviceChanged{std::move(*summary), true});
  }
  amendments_.emplace(op, peer);
}

void PairingProtocol::note_failure(const DeviceId& tls_key) {
  if (!code_) return;
  const auto [entry, first] = code_->failures.emplace(tls_key, 0);
  ++entry->second;
  if (!first) return;
  code_->failed_keys.push_back(tls_key);
  if (code_->failed_keys.size() > kMaxFailedKeys) {
    code_->failures.erase(code_->failed_keys.front());
    code_->failed_keys.pop_front();
  }
}

void PairingProtocol::send(const Attempts::iterator& attempt, const Message& message) {
  Attempt& state = attempt->second;
  if (!state.connected) return;
  if (!state.stream) {
    state.unsent.push_back(message);
    return;
  }
  outputs_.push_back(
      StreamWrite{attempt->first, *state.stream, SharedBytes(encode(message)), false});
}

void PairingProtocol::close(ConnectionId connection, Rejection reason) {
  outputs_.push_back(CloseConnection{connection, static_cast<std::uint64_t>(reason), ""});
}

void PairingProtocol::emit_device(const DeviceId& device) {
  if (auto summary = registry_.summary(device)) emit(DeviceChanged{std::move(*summary), false});
}

bool PairingProtocol::claims_code(ConnectionId connection) const {
  return code_ && code_->claimed_by == connection;
}

}  // namespace kith::pairing
