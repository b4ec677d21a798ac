#include "engine/quic/connection.h"

#include <ngtcp2/ngtcp2_crypto.h>

#include <algorithm>
#include <array>
#include <utility>

#include "engine/base/check.h"
#include "engine/base/sodium.h"
#include "engine/quic/connection_callbacks.h"
#include "engine/quic/timestamp.h"
#include "engine/quic/tls_context.h"

namespace kith::quic {
namespace {

// UDP payloads to try, in this order, after 1,200 bytes work: what Ethernet carries under IPv6 and
// IPv4, jumbo frames, loopback; then, if even the first fails, what tunnels carry. A failed size
// rules out all larger ones.
constexpr std::array<std::uint16_t, 7> kMtuProbes{1452, 1472, 8952, 65'000, 1404, 1332, 1232};

// RFC 9000 section 20.1.
constexpr std::uint64_t kConnectionRefused = 0x02;
constexpr std::uint64_t kCryptoError = 0x100;

// Late packets are answered for three times the probe timeout (RFC 9000 section 10.2).
constexpr int kLingerProbeTimeouts = 3;

// Timers that ngtcp2 leaves in the past after it has handled them are looked at again so much
// later, unless something else happens first.
constexpr Duration kTimerGranularity = std::chrono::milliseconds(1);

// As a keep-alive interval.
constexpr Duration kAtOnce = std::chrono::nanoseconds(1);

// Reasons of CONNECTION_CLOSE are shown to people and cut to this.
constexpr std::size_t kMaxReasonBytes = 64;

constexpr std::size_t kVectorsPerPacket = 8;

std::string printable(const std::uint8_t* text, std::size_t size) {
  std::string out(reinterpret_cast<const char*>(text), std::min(size, kMaxReasonBytes));
  for (char& c : out) {
    if (c < ' ' || c > '~') c = '?';
  }
  return out;
}

ngtcp2_ccerr transport_error(std::uint64_t code) {
  ngtcp2_ccerr error;
  ngtcp2_ccerr_set_transport_error(&error, code, nullptr, 0);
  return error;
}

CloseReason reason_of_transport_code(std::uint64_t code, std::string text) {
  const bool tls = code >= kCryptoError && code <= kCryptoError + 0xff;
  CloseReason reason;
  reason.kind = tls ? CloseReason::Kind::tls_alert : CloseReason::Kind::peer_transport;
  reason.code = tls ? code - kCryptoError : code;
  reason.text = std::move(text);
  return reason;
}

}  // namespace

// --- beginning ----------------------------------------------------------------------------------

Connection::Connection(const Shared& shared, ConnectionId id, bool initiated_here)
    : shared_(shared), id_(id), initiated_here_(initiated_here) {}

Connection::~Connection() = default;

std::unique_ptr<Connection> Connection::connect(const Shared& shared, ConnectionId id, Instant now,
                                                const Path& path, const ClientHello& hello) {
  std::unique_ptr<Connection> connection(new Connection(shared, id, true));
  connection->tls_ = TlsSession::client(shared.tls, hello, shared.config.max_packets_per_key);
  if (!connection->tls_) return nullptr;

  // The first destination is made up and hard to guess (RFC 9000 section 7.2).
  ngtcp2_cid destination;
  const auto drawn = shared.random.bytes<NGTCP2_MAX_CIDLEN>();
  ngtcp2_cid_init(&destination, uchars(drawn), drawn.size());
  const ngtcp2_cid source = shared.router.new_id(shared.random, id);

  const ngtcp2_settings settings = connection->settings(now);
  const ngtcp2_transport_params params = connection->transport_params();
  ngtcp2_conn* made = nullptr;
  KITH_CHECK(ngtcp2_conn_client_new(&made, &destination, &source, path.get(), NGTCP2_PROTO_VER_V1,
                                    &connection_callbacks(), &settings, &params, nullptr,
                                    connection.get()) == 0);
  connection->adopt(made);
  return connection;
}

std::unique_ptr<Connection> Connection::accept(const Shared& shared, ConnectionId id, Instant now,
                                               const Path& path, const ngtcp2_pkt_hd& initial,
                                               const std::optional<AddressProof>& proof) {
  std::unique_ptr<Connection> connection(new Connection(shared, id, false));
  connection->tls_ =
      TlsSession::server(shared.tls, shared.policy, shared.config.max_packets_per_key);
  if (!connection->tls_) return nullptr;

  const ngtcp2_cid source = shared.router.new_id(shared.random, id);
  shared.router.add(initial.dcid, id);

  ngtcp2_settings settings = connection->settings(now);
  ngtcp2_transport_params params = connection->transport_params();
  params.original_dcid = proof ? proof->original_destination : initial.dcid;
  params.original_dcid_present = 1;
  if (proof) {
    params.retry_scid = initial.dcid;
    params.retry_scid_present = 1;
    settings.token = uchars(proof->token);
    settings.tokenlen = proof->token.size();
    settings.token_type = NGTCP2_TOKEN_TYPE_RETRY;
  }
  const ResetToken token = shared.router.reset_token_for(source);
  std::copy(token.begin(), token.end(), params.stateless_reset_token);
  params.stateless_reset_token_present = 1;

  ngtcp2_conn* made = nullptr;
  KITH_CHECK(ngtcp2_conn_server_new(&made, &initial.scid, &source, path.get(), initial.version,
                                    &connection_callbacks(), &settings, &params, nullptr,
                                    connection.get()) == 0);
  connection->adopt(made);
  return connection;
}

void Connection::adopt(ngtcp2_conn* made) {
  conn_.reset(made);
  tls_->attach(made);
  ngtcp2_conn_set_tls_native_handle(made, tls_.get());
  keep_alive_every(shared_.config.keep_alive);
}

// Zero: never.
void Connection::keep_alive_every(Duration interval) {
  ngtcp2_conn_set_keep_alive_timeout(
      conn(), interval.count() > 0 ? to_duration(interval) : std::numeric_limits<std::uint64_t>::max());
}

ngtcp2_settings Connection::settings(Instant now) const {
  const EndpointConfig& config = shared_.config;
  ngtcp2_settings settings;
  ngtcp2_settings_default(&settings);
  settings.initial_ts = to_timestamp(now);
  settings.handshake_timeout = to_duration(config.handshake_timeout);
  settings.cc_algo = config.congestion_control == CongestionControl::bbr ? NGTCP2_CC_ALGO_BBR
                                                                         : NGTCP2_CC_ALGO_CUBIC;
  settings.max_tx_udp_payload_size = std::max<std::size_t>(config.max_udp_payload, 1200);
  settings.no_pmtud = config.discover_mtu ? 0 : 1;
  settings.pmtud_probes = kMtuProbes.data();
  settings.pmtud_probeslen = kMtuProbes.size();
  return settings;
}

ngtcp2_transport_params Connection::transport_params() const {
  const EndpointConfig& config = shared_.config;
  ngtcp2_transport_params params;
  ngtcp2_transport_params_default(&params);
  params.initial_max_data = config.connection_window;
  params.initial_max_stream_data_bidi_local = config.stream_window;
  params.initial_max_stream_data_bidi_remote = config.stream_window;
  params.initial_max_stream_data_uni = config.stream_window;
  params.initial_max_streams_bidi = config.max_streams_bidi;
  params.initial_max_streams_uni = config.max_streams_uni;
  params.max_idle_timeout = to_duration(config.idle_timeout);
  params.active_connection_id_limit = NGTCP2_DEFAULT_ACTIVE_CONNECTION_ID_LIMIT * 4 - 1;
  return params;
}

// --- handshake ----------------------------------------------------------------------------------

int Connection::on_handshake_completed() {
  Connected connected;
  connected.alpn = tls_->alpn();
  if (connected.alpn.empty()) {
    return refuse(CloseReason::Kind::tls_alert,
                  kCryptoError + static_cast<std::uint64_t>(Alert::no_application_protocol),
                  "no protocol was negotiated");
  }
  const std::optional<ProvenPeer> peer = tls_->proven_peer();
  if (!peer) {
    const Alert alert = initiated_here_ ? Alert::bad_certificate : Alert::certificate_required;
    return refuse(CloseReason::Kind::not_named, kCryptoError + static_cast<std::uint64_t>(alert),
                  "the peer proved neither the PSK nor the key that was expected");
  }
  if (!initiated_here_ &&
      !shared_.policy.admit(peer->id, peer->by_psk, tls_->server_name(), connected.alpn)) {
    return refuse(CloseReason::Kind::not_admitted, kConnectionRefused, "the policy refused");
  }
  KITH_CHECK(tls_->export_secret("EXPORTER-kith", as_byte_view(connected.alpn),
                                 connected.exporter));
  connected.connection = id_;
  connected.initiated_here = initiated_here_;
  connected.peer = peer->id;
  connected.by_psk = peer->by_psk;
  connected.psk_identity = peer->psk_identity;
  if (!peer->by_psk) connected.own_key = tls_->own_key();
  connected.server_name = tls_->server_name();
  connected.remote = to_address(ngtcp2_conn_get_path(conn())->remote);
  shared_.events.push_back(std::move(connected));
  connected_ = true;
  session_over_ = true;
  limit_grew_ = true;
  return 0;
}

int Connection::refuse(CloseReason::Kind kind, std::uint64_t transport_code,
                       std::string_view text) {
  CloseReason reason = reason_of_transport_code(transport_code, std::string(text));
  reason.kind = kind;
  refusal_ = Refusal{std::move(reason), transport_error(transport_code)};
  return NGTCP2_ERR_CALLBACK_FAILURE;
}

// --- packets ------------------------------------------------------------------------------------

// A socket bound to every address may or may not say to which one a datagram came; where it did not
// say, at either time, the path is the one in use.
Path Connection::normalized(const Path& path) const {
  const ngtcp2_path& current = *ngtcp2_conn_get_path(conn());
  const Address here = to_address(current.local);
  const Address there = path.local();
  if (here == there || here.port != there.port || here.family != there.family ||
      !(here.is_unspecified() || there.is_unspecified())) {
    return path;
  }
  return Path(path.socket(), here, path.remote());
}

void Connection::receive(Instant now, const Path& path, std::uint32_t interface, Ecn ecn,
                         ByteView datagram) {
  if (ending_) return;
  last_received_at_ = now;
  const ngtcp2_path& current = *ngtcp2_conn_get_path(conn());
  if (ngtcp2_path_eq(&current, path.get()) == 0) {
    if (const Path usual = normalized(path); !(usual == path)) {
      return receive(now, usual, interface, ecn, datagram);
    }
  } else if (Path::socket_of(current) != path.socket()) {
    ngtcp2_conn_set_path_user_data(conn(), path.get()->user_data);
  }
  bytes_received_ += datagram.size();
  interface_ = interface;
  ngtcp2_pkt_info info{};
  info.ecn = static_cast<std::uint8_t>(ecn);
  settle(now, ngtcp2_conn_read_pkt(conn(), path.get(), &info, uchars(datagram), datagram.size(),
                                   to_timestamp(now)));
}

void Connection::handle_deadline(Instant now) {
  if (ending_) return;
  settle(now, ngtcp2_conn_handle_expiry(conn(), to_timestamp(now)));
  deadline_floor_ = now + kTimerGranularity;
}

Instant Connection::deadline() const {
  if (ending_) return Instant::never();
  const Instant at = from_timestamp(ngtcp2_conn_get_expiry(conn()));
  return at + kTimerGranularity <= deadline_floor_ ? deadline_floor_ : at;
}

SocketId Connection::socket() const { return Path::socket_of(*ngtcp2_conn_get_path(conn())); }

std::optional<Transmit> Connection::write(Instant now, SocketId socket, std::span<std::byte> out,
                                          std::size_t max_segments, std::deque<Stray>& strays) {
  if (ending_) return std::nullopt;
  const std::uint64_t ts = to_timestamp(now);
  notice_stops(ts);
  // What the pacer lets go at once; it is told afterwards, and says when to come back.
  const std::size_t quantum = ngtcp2_conn_get_send_quantum(conn());
  Path batch_path;
  std::uint32_t batch_ecn = 0;
  std::size_t segment = 0;
  std::size_t size = 0;
  ngtcp2_ssize rv = 0;
  for (std::size_t segments = 0; segments < max_segments && size < quantum; ++segments) {
    // Later packets may not exceed the first, which also keeps MTU probes out of the middle.
    const std::size_t room = segment == 0 ? out.size() : std::min(segment, out.size() - size);
    if (room < std::max<std::size_t>(segment, NGTCP2_MAX_UDP_PAYLOAD_SIZE)) break;
    Path path;
    ngtcp2_pkt_info info{};
    rv = write_packet(path, info, out.subspan(size, room), ts);
    if (rv <= 0) break;
    const auto written = static_cast<std::size_t>(rv);
    bytes_sent_ += written;
    if (segment == 0 && path.socket() == socket) {
      batch_path = path;
      batch_ecn = info.ecn;
      segment = written;
    } else if (segment == 0 || !(path == batch_path) || info.ecn != batch_ecn) {
      const auto packet = out.subspan(size, written);
      strays.push_back(
          {path, static_cast<Ecn>(info.ecn), interface_, {packet.begin(), packet.end()}});
      break;
    }
    size += written;
    if (written < segment || written < NGTCP2_MAX_UDP_PAYLOAD_SIZE ||
        written > ngtcp2_conn_get_path_max_tx_udp_payload_size(conn())) {
      break;
    }
  }
  ngtcp2_conn_update_pkt_tx_time(conn(), ts);
  // What was sent at the instant of the move may have been a mere answer to a probe.
  if (moved_ && size > 0 && now > last_received_at_) {
    moved_ = false;
    keep_alive_every(shared_.config.keep_alive);
  }
  if (to_send_.size() > 1) std::rotate(to_send_.begin(), to_send_.begin() + 1, to_send_.end());
  settle(now, rv < 0 ? static_cast<int>(rv) : 0);
  if (size == 0) return std::nullopt;

  Transmit transmit;
  transmit.socket = socket;
  transmit.remote = batch_path.remote();
  transmit.source = batch_path.local();
  transmit.interface = interface_;
  transmit.ecn = static_cast<Ecn>(batch_ecn);
  transmit.segment_size = segment;
  transmit.size = size;
  return transmit;
}

// ngtcp2 builds the packet over several calls, one for each stream that still has room in it.
ngtcp2_ssize Connection::write_packet(Path& path, ngtcp2_pkt_info& info, std::span<std::byte> out,
                                      std::uint64_t ts) {
  std::uint64_t window = ngtcp2_conn_get_max_data_left(conn());
  for (;;) {
    Stream* stream = window > 0 ? next_to_send() : nullptr;
    std::array<ngtcp2_vec, kVectorsPerPacket> vectors;
    std::size_t count = 0;
    std::uint32_t flags = NGTCP2_WRITE_STREAM_FLAG_NONE;
    std::int64_t id = -1;
    if (stream != nullptr) {
      id = stream->id.value;
      count = stream->send.next(vectors);
      flags = NGTCP2_WRITE_STREAM_FLAG_MORE;
      if (stream->send.fin_queued() &&
          stream->send.next_reaches_end(std::span(vectors).first(count))) {
        flags |= NGTCP2_WRITE_STREAM_FLAG_FIN;
      }
    }
    ngtcp2_ssize consumed = -1;
    const ngtcp2_ssize rv = ngtcp2_conn_writev_stream(
        conn(), path.get(), &info, uchars_out(out), out.size(), &consumed, flags, id,
        vectors.data(), count, ts);
    if (stream == nullptr) return rv;
    // Found again: nothing promises that the call closed no stream.
    stream = find_stream({id});
    if (consumed >= 0 && stream != nullptr) {
      stream->send.mark_sent(static_cast<std::size_t>(consumed),
                             (flags & NGTCP2_WRITE_STREAM_FLAG_FIN) != 0);
      window -= static_cast<std::uint64_t>(consumed);
    }
    if (rv == NGTCP2_ERR_STREAM_DATA_BLOCKED && stream != nullptr) {
      stream->send.blocked = true;
    } else if ((rv == NGTCP2_ERR_STREAM_SHUT_WR || rv == NGTCP2_ERR_STREAM_NOT_FOUND) &&
               stream != nullptr) {
      on_send_refused(*stream);
    } else if (rv != NGTCP2_ERR_WRITE_MORE) {
      return rv;
    }
  }
}

// --- end ----------------------------------------------------------------------------------------

void Connection::settle(Instant now, int error) {
  if (error != 0) return end(now, error);
  if (session_over_) {
    // The session held 10 KB and is of no more use: there are no tickets to receive.
    ngtcp2_conn_set_tls_native_handle(conn(), nullptr);
    tls_.reset();
    session_over_ = false;
  }
  if (limit_grew_ && connected_) {
    limit_grew_ = false;
    open_pending_streams();
  }
}

void Connection::end(Instant now, int error) {
  ngtcp2_ccerr answer;
  ngtcp2_ccerr_default(&answer);
  bool answer_wanted = true;
  CloseReason reason = reason_for(error, answer, answer_wanted);
  const bool retry = error == NGTCP2_ERR_RETRY;
  finish(now, std::move(reason), answer_wanted ? &answer : nullptr);
  ending_->retry_wanted = retry;
  ending_->nothing_began = retry || error == NGTCP2_ERR_DROP_CONN;
}

CloseReason Connection::reason_for(int error, ngtcp2_ccerr& answer, bool& answer_wanted) const {
  CloseReason reason;
  reason.text = ngtcp2_strerror(error);
  answer_wanted = false;
  switch (error) {
    case NGTCP2_ERR_DRAINING: {
      if (was_reset_) {
        reason.kind = CloseReason::Kind::stateless_reset;
        reason.text = "the peer has lost the connection";
        return reason;
      }
      const ngtcp2_ccerr& said = *ngtcp2_conn_get_ccerr(conn());
      std::string text = printable(said.reason, said.reasonlen);
      if (said.type != NGTCP2_CCERR_TYPE_APPLICATION) {
        return reason_of_transport_code(said.error_code, std::move(text));
      }
      reason.kind = CloseReason::Kind::peer_application;
      reason.code = said.error_code;
      reason.text = std::move(text);
      return reason;
    }
    case NGTCP2_ERR_IDLE_CLOSE:
      reason.kind = CloseReason::Kind::idle_timeout;
      reason.text = "nothing was heard from the peer";
      return reason;
    case NGTCP2_ERR_HANDSHAKE_TIMEOUT:
      reason.kind = CloseReason::Kind::handshake_timeout;
      reason.text = "the handshake did not finish in time";
      return reason;
    case NGTCP2_ERR_RECV_VERSION_NEGOTIATION:
      reason.kind = CloseReason::Kind::version_negotiation;
      reason.text = "the peer speaks no version of QUIC that we do";
      return reason;
    case NGTCP2_ERR_DROP_CONN:
    case NGTCP2_ERR_RETRY:
    case NGTCP2_ERR_NOMEM:
      return reason;
    case NGTCP2_ERR_CALLBACK_FAILURE:
      answer_wanted = true;
      if (refusal_) {
        answer = refusal_->error;
        return refusal_->reason;
      }
      answer = transport_error(NGTCP2_INTERNAL_ERROR);
      return reason;
    case NGTCP2_ERR_CRYPTO: {
      answer_wanted = true;
      const std::uint8_t sent = ngtcp2_conn_get_tls_alert(conn());
      const auto alert = sent != 0 ? sent : static_cast<std::uint8_t>(Alert::internal_error);
      ngtcp2_ccerr_set_tls_alert(&answer, alert, nullptr, 0);
      reason.kind = tls_ && tls_->peer_key_refused() ? CloseReason::Kind::not_named
                                                     : CloseReason::Kind::tls_alert;
      reason.code = alert;
      reason.text = "the TLS handshake failed";
      return reason;
    }
    default:
      answer_wanted = true;
      ngtcp2_ccerr_set_liberr(&answer, error, nullptr, 0);
      reason.kind = CloseReason::Kind::peer_transport;
      reason.code = answer.error_code;
      return reason;
  }
}

void Connection::finish(Instant now, CloseReason reason, const ngtcp2_ccerr* answer) {
  Ending ending;
  ending.linger = Duration(static_cast<std::int64_t>(ngtcp2_conn_get_pto(conn()))) *
                  kLingerProbeTimeouts;
  if (answer != nullptr) {
    Stray farewell;
    ngtcp2_pkt_info info{};
    farewell.bytes.resize(NGTCP2_MAX_UDP_PAYLOAD_SIZE);
    const ngtcp2_ssize size = ngtcp2_conn_write_connection_close(
        conn(), farewell.path.get(), &info, uchars_out(farewell.bytes), farewell.bytes.size(),
        answer, to_timestamp(now));
    if (size > 0) {
      farewell.bytes.resize(static_cast<std::size_t>(size));
      farewell.ecn = static_cast<Ecn>(info.ecn);
      farewell.interface = interface_;
      bytes_sent_ += farewell.bytes.size();
      ending.farewell = std::move(farewell);
    }
  }
  if (!initiated_here_ && !connected_) {
    const std::uint64_t allowed = 3 * bytes_received_;
    ending.allowance = allowed > bytes_sent_ ? allowed - bytes_sent_ : 0;
  } else {
    ending.allowance = std::numeric_limits<std::uint64_t>::max() / 2;
  }
  reason.was_connected = connected_;
  ending.reason = std::move(reason);
  ending_ = std::move(ending);
  // What has arrived may still be taken; everything else can go.
  conn_.reset();
  tls_.reset();
  pending_opens_.clear();
  to_send_.clear();
  for (auto& [id, stream] : streams_) stream.send = {};
}

void Connection::close(Instant now, std::uint64_t code, std::string_view reason) {
  if (ending_) return;
  const std::string_view text = reason.substr(0, kMaxReasonBytes);
  ngtcp2_ccerr answer;
  ngtcp2_ccerr_set_application_error(
      &answer, code, reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  CloseReason closed;
  closed.kind = CloseReason::Kind::local;
  closed.code = code;
  closed.text = text;
  finish(now, std::move(closed), &answer);
}

bool Connection::update_keys(Instant now) {
  return !ending_ && ngtcp2_conn_initiate_key_update(conn(), to_timestamp(now)) == 0;
}

bool Connection::migrate(Instant now, const Path& path) {
  return !ending_ && initiated_here_ &&
         ngtcp2_conn_initiate_migration(conn(), path.get(), to_timestamp(now)) == 0;
}

// The peer follows with the first packet that does more than probe the path; where there is nothing
// to send, a keep-alive does it.
int Connection::on_path_validated(bool reached) {
  if (reached && initiated_here_) {
    moved_ = true;
    keep_alive_every(kAtOnce);
  }
  return 0;
}

int Connection::on_new_connection_id(ngtcp2_cid* cid, std::uint8_t* token, std::size_t) {
  *cid = shared_.router.new_id(shared_.random, id_);
  const ResetToken reset = shared_.router.reset_token_for(*cid);
  std::copy(reset.begin(), reset.end(), token);
  return 0;
}

int Connection::on_peer_connection_id(bool active, const std::uint8_t* token) {
  if (token == nullptr) return 0;
  ResetToken reset;
  std::copy_n(token, reset.size(), reset.begin());
  if (active) {
    shared_.router.add_reset_token(reset, id_);
  } else {
    shared_.router.remove_reset_token(reset);
  }
  return 0;
}

ConnectionStats Connection::stats() const {
  ConnectionStats stats;
  stats.bytes_sent = bytes_sent_;
  stats.bytes_received = bytes_received_;
  // One pair of keys is always prepared ahead of the next update.
  stats.key_updates = keys_prepared_ == 0 ? 0 : keys_prepared_ - 1;
  stats.packets_lost = packets_lost_in_closed_streams_;
  if (ending_) return stats;
  for (const auto& [id, stream] : streams_) {
    stats.packets_lost += ngtcp2_conn_get_stream_loss_count(conn(), id.value);
  }
  ngtcp2_conn_info info;
  ngtcp2_conn_get_conn_info(conn(), &info);
  stats.remote = to_address(ngtcp2_conn_get_path(conn())->remote);
  stats.smoothed_rtt = Duration(static_cast<std::int64_t>(info.smoothed_rtt));
  stats.congestion_window = info.cwnd;
  stats.path_mtu = ngtcp2_conn_get_path_max_tx_udp_payload_size(conn());
  return stats;
}

}  // namespace kith::quic
