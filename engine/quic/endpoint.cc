#include "engine/quic/endpoint.h"

#include <algorithm>

#include "engine/base/check.h"
#include "engine/base/sodium.h"
#include "engine/quic/endpoint_state.h"
#include "engine/quic/wolfssl_hooks.h"

namespace kith::quic {
namespace {

constexpr std::size_t kMaxServerNameBytes = 255;
constexpr std::size_t kMaxAlpnBytes = 255;  // RFC 7301
constexpr std::size_t kMaxPskIdentityBytes = 128;

// Datagrams that wait for a socket without belonging to a connection that could make them again.
constexpr std::size_t kMaxStraysPerSocket = 256;

bool is_printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

std::string_view problem_with(const ClientHello& hello) {
  if (hello.alpns.empty()) return "no protocol was named";
  for (const std::string& alpn : hello.alpns) {
    // wolfSSL takes a list separated by commas.
    if (alpn.empty() || alpn.size() > kMaxAlpnBytes || !is_printable(alpn) ||
        alpn.find(',') != std::string::npos) {
      return "a protocol name is empty, too long or not printable";
    }
  }
  if (hello.server_name.size() > kMaxServerNameBytes || !is_printable(hello.server_name)) {
    return "the server name is too long or not printable";
  }
  if (!hello.psk) return hello.key == nullptr ? "there is neither a key nor a PSK to show" : "";
  const std::string& identity = hello.psk->identity;
  if (identity.empty() || identity.size() > kMaxPskIdentityBytes || !is_printable(identity)) {
    return "the PSK identity is empty, too long or not printable";
  }
  return "";
}

std::unique_ptr<TlsContext> make_tls(RandomSource& random, bool prefer_chacha20) {
  const WolfsslScope scope(random, Instant{});
  return std::make_unique<TlsContext>(prefer_chacha20);
}

}  // namespace

Endpoint::State::State(const EndpointConfig& config, ServerPolicy& policy, RandomSource random)
    : config_(config),
      random_(std::move(random)),
      retry_key_(random_.bytes<32>()),
      tls_(make_tls(random_, config.prefer_chacha20)),
      router_(random_, config.reset_key),
      shared_{config_, policy, random_, *tls_, router_, events_} {}

Result<ConnectionId> Endpoint::State::connect(Instant now, SocketId socket, const Address& local,
                                              const Address& remote, const ClientHello& hello) {
  advance(now);
  if (const std::string_view problem = problem_with(hello); !problem.empty()) {
    return failure(ErrorCode::invalid_argument, std::string(problem));
  }
  if (local.family != remote.family) {
    return failure(ErrorCode::invalid_argument, "the socket and the address are of two families");
  }
  if (live_ >= config_.max_connections) {
    return failure(ErrorCode::limit_exceeded, "too many connections are open",
                   "close some, or wait until they time out");
  }
  const WolfsslScope scope(random_, now);
  const ConnectionId id{++next_id_};
  auto connection = Connection::connect(shared_, id, now, Path(socket, local, remote), hello);
  if (!connection) {
    router_.remove_all(id);
    return failure(ErrorCode::invalid_argument, "TLS refused the key or the names given");
  }
  connections_[id].connection = std::move(connection);
  ++live_;
  settle(now, id);
  return id;
}

// --- arrivals -----------------------------------------------------------------------------------

void Endpoint::State::handle_datagrams(Instant now, const DatagramsReceived& batch) {
  advance(now);
  if (batch.local.family != batch.remote.family || batch.stride == 0) {
    return count("datagram_malformed");
  }
  const WolfsslScope scope(random_, now);
  const Path path(batch.socket, batch.local, batch.remote);
  for (std::size_t at = 0; at < batch.bytes.size(); at += batch.stride) {
    const ByteView bytes = batch.bytes.subspan(at, std::min(batch.stride, batch.bytes.size() - at));
    dispatch({now, path, batch.interface, batch.ecn, bytes});
  }
  if (touched_) settle(now, *std::exchange(touched_, std::nullopt));
  if (scope.forged_packets > 0) count("packet_not_authentic", scope.forged_packets);
}

void Endpoint::State::dispatch(const Arrival& arrival) {
  if (arrival.bytes.empty()) return count("datagram_malformed");
  const auto first = std::to_integer<std::uint8_t>(arrival.bytes[0]);
  ngtcp2_version_cid header;
  const int rv = ngtcp2_pkt_decode_version_cid(&header, uchars(arrival.bytes), arrival.bytes.size(),
                                               kConnectionIdBytes);
  if (rv == NGTCP2_ERR_VERSION_NEGOTIATION) return send_version_negotiation(arrival, header);
  if (rv != 0) return count("datagram_malformed");
  // Only Version Negotiation may have this bit clear (RFC 9000 section 17.2.1): what else has it is
  // not QUIC.
  const bool version_negotiation = (first & 0x80) != 0 && header.version == 0;
  if ((first & 0x40) == 0 && !version_negotiation) return count("datagram_not_quic");

  const auto id = router_.find(std::as_bytes(std::span(header.dcid, header.dcidlen)));
  if (!id) return handle_stranger(arrival, header);
  deliver(*id, arrival);
}

void Endpoint::State::deliver(ConnectionId id, const Arrival& arrival) {
  const auto found = connections_.find(id);
  if (found == connections_.end() || found->second.over) return answer_late(id, arrival);
  // A batch is mostly for one connection: what follows from its packets is settled once.
  if (touched_ && *touched_ != id) settle(arrival.now, *touched_);
  touched_ = id;
  found->second.connection->receive(arrival.now, arrival.path, arrival.interface, arrival.ecn,
                                    arrival.bytes);
}

void Endpoint::State::answer_late(ConnectionId id, const Arrival& arrival) {
  const auto found = closings_.find(id);
  if (found == closings_.end()) return count("packet_after_close");
  Closing& closing = found->second;
  count("packet_after_close");
  ++closing.received;
  closing.allowance += 3 * arrival.bytes.size();
  if (!closing.farewell || closing.received < closing.answer_at ||
      closing.allowance < closing.farewell->bytes.size()) {
    return;
  }
  closing.answer_at *= 2;
  closing.allowance -= closing.farewell->bytes.size();
  push_stray(*closing.farewell);
}

// --- time ---------------------------------------------------------------------------------------

void Endpoint::State::handle_timeout(Instant now) {
  advance(now);
  const WolfsslScope scope(random_, now);
  while (!timers_.empty() && timers_.begin()->first <= now) {
    const ConnectionId id = timers_.begin()->second;
    if (const auto closing = closings_.find(id); closing != closings_.end()) {
      set_timer(id, closing->second.until, Instant::never());
      closings_.erase(closing);
      router_.remove_all(id);
      continue;
    }
    Entry& entry = connections_.at(id);
    entry.connection->handle_deadline(now);
    settle(now, id);
    // Whatever a connection says, time moves on.
    KITH_CHECK(entry.due > now);
  }
}

std::optional<Wakeup> Endpoint::State::next_wakeup() const {
  if (timers_.empty()) return std::nullopt;
  // A packet may have made something due at once, that is at a moment that has passed.
  return Wakeup{std::max(timers_.begin()->first, last_now_), "quic"};
}

void Endpoint::State::advance(Instant now) {
  KITH_CHECK_MSG(now >= last_now_, "time went back by {} ns", (last_now_ - now).count());
  last_now_ = now;
}

// --- departures ---------------------------------------------------------------------------------

std::optional<Transmit> Endpoint::State::poll_datagrams(Instant now, SocketId socket,
                                                        std::span<std::byte> out,
                                                        std::size_t max_segments) {
  advance(now);
  if (auto transmit = poll_strays(socket, out)) return transmit;
  const auto queue = ready_.find(socket);
  if (queue == ready_.end()) return std::nullopt;
  const WolfsslScope scope(random_, now);
  while (!queue->second.empty()) {
    const ConnectionId id = queue->second.front();
    queue->second.pop_front();
    const auto found = connections_.find(id);
    if (found == connections_.end() || found->second.over) continue;
    Entry& entry = found->second;
    entry.ready = false;
    if (entry.connection->socket() != socket) {
      make_ready(id, entry);
      continue;
    }
    auto transmit = entry.connection->write(now, socket, out, max_segments, fresh_strays_);
    while (!fresh_strays_.empty()) {
      push_stray(std::move(fresh_strays_.front()));
      fresh_strays_.pop_front();
    }
    if (transmit) make_ready(id, entry);
    settle_timer(now, id, entry);
    if (transmit) return transmit;
    if (auto stray = poll_strays(socket, out)) return stray;
  }
  return std::nullopt;
}

std::optional<Transmit> Endpoint::State::poll_strays(SocketId socket, std::span<std::byte> out) {
  const auto queue = strays_.find(socket);
  if (queue == strays_.end()) return std::nullopt;
  while (!queue->second.empty()) {
    const Stray stray = std::move(queue->second.front());
    queue->second.pop_front();
    if (stray.bytes.size() > out.size()) continue;  // a probe of a path the driver cannot serve
    std::copy(stray.bytes.begin(), stray.bytes.end(), out.begin());
    Transmit transmit;
    transmit.socket = socket;
    transmit.remote = stray.path.remote();
    transmit.source = stray.path.local();
    transmit.interface = stray.interface;
    transmit.ecn = stray.ecn;
    transmit.segment_size = stray.bytes.size();
    transmit.size = stray.bytes.size();
    return transmit;
  }
  strays_.erase(queue);
  return std::nullopt;
}

void Endpoint::State::push_stray(Stray stray) {
  auto& queue = strays_[stray.path.socket()];
  if (queue.size() >= kMaxStraysPerSocket) return count("stray_dropped");
  queue.push_back(std::move(stray));
}

// --- bookkeeping --------------------------------------------------------------------------------

Connection* Endpoint::State::find(ConnectionId id) {
  const auto found = connections_.find(id);
  return found == connections_.end() ? nullptr : found->second.connection.get();
}

const Connection* Endpoint::State::find(ConnectionId id) const {
  const auto found = connections_.find(id);
  return found == connections_.end() ? nullptr : found->second.connection.get();
}

void Endpoint::State::mark_ready(ConnectionId id) {
  const auto found = connections_.find(id);
  if (found != connections_.end() && !found->second.over) make_ready(id, found->second);
}

void Endpoint::State::make_ready(ConnectionId id, Entry& entry) {
  if (entry.ready) return;
  entry.ready = true;
  ready_[entry.connection->socket()].push_back(id);
}

// After anything that may have changed a connection.
void Endpoint::State::settle(Instant now, ConnectionId id) {
  const auto found = connections_.find(id);
  if (found == connections_.end() || found->second.over) return;
  Entry& entry = found->second;
  if (!entry.connection->ending()) make_ready(id, entry);
  settle_timer(now, id, entry);
}

void Endpoint::State::settle_timer(Instant now, ConnectionId id, Entry& entry) {
  if (entry.counted_as_handshake && (entry.connection->connected() || entry.connection->ending())) {
    entry.counted_as_handshake = false;
    --handshakes_;
  }
  if (entry.connection->ending()) return bury(now, id, entry);
  set_timer(id, entry.due, entry.connection->deadline());
}

void Endpoint::State::bury(Instant now, ConnectionId id, Entry& entry) {
  const Ending& ending = *entry.connection->ending();
  set_timer(id, entry.due, Instant::never());
  entry.over = true;
  --live_;
  if (ending.farewell) push_stray(*ending.farewell);
  if (ending.reason.kind == CloseReason::Kind::stateless_reset) count("stateless_reset_received");
  events_.push_back(Closed{id, ending.reason});
  if (closings_.size() >= config_.max_connections) {
    // Late packets will be taken for those of a stranger.
    count("closing_limit_reached");
    return router_.remove_all(id);
  }
  Closing closing;
  closing.farewell = ending.farewell;
  closing.allowance = ending.allowance;
  closing.until = Instant::never();
  Closing& kept = closings_[id] = std::move(closing);
  set_timer(id, kept.until, now + ending.linger);
}

void Endpoint::State::set_timer(ConnectionId id, Instant& slot, Instant due) {
  if (slot == due) return;
  if (slot == Instant::never()) {
    timers_.emplace(due, id);
  } else if (due == Instant::never()) {
    timers_.erase({slot, id});
  } else {
    // Reuses the node: timers move with every batch.
    auto node = timers_.extract({slot, id});
    node.value() = {due, id};
    timers_.insert(std::move(node));
  }
  slot = due;
}

std::optional<EndpointEvent> Endpoint::State::poll_event() {
  if (events_.empty()) return std::nullopt;
  EndpointEvent event = std::move(events_.front());
  events_.pop_front();
  // Until now the owner could take what had arrived.
  if (const auto* closed = std::get_if<Closed>(&event)) connections_.erase(closed->connection);
  return event;
}

void Endpoint::State::close(Instant now, ConnectionId id, std::uint64_t code,
                            std::string_view reason) {
  advance(now);
  Connection* connection = find(id);
  if (connection == nullptr || connection->ending()) return;
  const WolfsslScope scope(random_, now);
  connection->close(now, code, reason);
  settle(now, id);
}

bool Endpoint::State::update_keys(Instant now, ConnectionId id) {
  advance(now);
  Connection* connection = find(id);
  const WolfsslScope scope(random_, now);
  if (connection == nullptr || !connection->update_keys(now)) return false;
  settle(now, id);
  return true;
}

bool Endpoint::State::migrate(Instant now, ConnectionId id, const Path& path) {
  advance(now);
  Connection* connection = find(id);
  const WolfsslScope scope(random_, now);
  if (connection == nullptr || !connection->migrate(now, path)) return false;
  settle(now, id);
  return true;
}

void Endpoint::State::count(std::string_view reason, std::uint64_t times) {
  counters_[reason] += times;
}

void Endpoint::State::check_invariants() const {
  router_.check_invariants();
  std::size_t live = 0;
  std::size_t handshakes = 0;
  std::size_t timers = 0;
  for (const auto& [id, entry] : connections_) {
    entry.connection->check_invariants();
    KITH_CHECK(entry.connection->id() == id);
    KITH_CHECK(entry.over == entry.connection->ending().has_value());
    if (!entry.over) ++live;
    if (entry.counted_as_handshake) ++handshakes;
    if (entry.due != Instant::never()) {
      ++timers;
      KITH_CHECK(timers_.contains({entry.due, id}));
    }
  }
  for (const auto& [id, closing] : closings_) KITH_CHECK(timers_.contains({closing.until, id}));
  KITH_CHECK(timers_.size() == timers + closings_.size());
  KITH_CHECK(live == live_ && handshakes == handshakes_);
  KITH_CHECK(live_ <= config_.max_connections);
}

// --- the face -----------------------------------------------------------------------------------

Endpoint::Endpoint(const EndpointConfig& config, ServerPolicy& policy, RandomSource random)
    : state_(std::make_unique<State>(config, policy, std::move(random))) {}

Endpoint::~Endpoint() = default;

Result<ConnectionId> Endpoint::connect(Instant now, SocketId socket, const Address& local,
                                       const Address& remote, const ClientHello& hello) {
  return state_->connect(now, socket, local, remote, hello);
}

void Endpoint::handle_datagrams(Instant now, const DatagramsReceived& batch) {
  state_->handle_datagrams(now, batch);
}

void Endpoint::handle_timeout(Instant now) { state_->handle_timeout(now); }

std::optional<Wakeup> Endpoint::next_wakeup() const { return state_->next_wakeup(); }

std::optional<EndpointEvent> Endpoint::poll_event() { return state_->poll_event(); }

std::optional<Transmit> Endpoint::poll_datagrams(Instant now, SocketId socket,
                                                 std::span<std::byte> out,
                                                 std::size_t max_segments) {
  return state_->poll_datagrams(now, socket, out, max_segments);
}

void Endpoint::open_stream(ConnectionId connection, StreamKind kind, std::uint64_t tag) {
  if (Connection* found = state_->find(connection)) found->open_stream(kind, tag);
}

void Endpoint::write(ConnectionId connection, StreamId stream, SharedBytes data, bool fin) {
  Connection* found = state_->find(connection);
  if (found == nullptr) return;
  found->write_stream(stream, std::move(data), fin);
  state_->mark_ready(connection);
}

Endpoint::Readable Endpoint::take(ConnectionId connection, StreamId stream) {
  Connection* found = state_->find(connection);
  Readable readable;
  state_->taken.clear();
  if (found == nullptr || !found->take(stream, state_->taken, readable.fin)) return {};
  readable.bytes = state_->taken;
  return readable;
}

void Endpoint::await_writable(ConnectionId connection, StreamId stream) {
  Connection* found = state_->find(connection);
  if (found != nullptr) found->await_writable(stream);
}

void Endpoint::credit(ConnectionId connection, StreamId stream, std::uint64_t bytes) {
  Connection* found = state_->find(connection);
  if (found == nullptr) return;
  found->credit(stream, bytes);
  state_->mark_ready(connection);
}

void Endpoint::reset_stream(ConnectionId connection, StreamId stream, std::uint64_t code) {
  Connection* found = state_->find(connection);
  if (found == nullptr) return;
  found->reset_stream(stream, code);
  state_->mark_ready(connection);
}

void Endpoint::stop_stream(ConnectionId connection, StreamId stream, std::uint64_t code) {
  Connection* found = state_->find(connection);
  if (found == nullptr) return;
  found->stop_stream(stream, code);
  state_->mark_ready(connection);
}

void Endpoint::close(Instant now, ConnectionId connection, std::uint64_t code,
                     std::string_view reason) {
  state_->close(now, connection, code, reason);
}

bool Endpoint::update_keys(Instant now, ConnectionId connection) {
  return state_->update_keys(now, connection);
}

void Endpoint::mix(ByteView entropy) { state_->mix(entropy); }

bool Endpoint::migrate(Instant now, ConnectionId connection, SocketId socket, const Address& local,
                       const Address& remote) {
  return local.family == remote.family &&
         state_->migrate(now, connection, Path(socket, local, remote));
}

std::optional<ConnectionStats> Endpoint::stats(ConnectionId connection) const {
  const State& state = *state_;
  const Connection* found = state.find(connection);
  if (found == nullptr) return std::nullopt;
  return found->stats();
}

std::size_t Endpoint::connection_count() const { return state_->connection_count(); }

const std::map<std::string_view, std::uint64_t>& Endpoint::counters() const {
  return state_->counters();
}

void Endpoint::check_invariants() const { state_->check_invariants(); }

}  // namespace kith::quic
