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

// Timers that ngtcp2 leaves in the past after it has handled them are looked at again so much
// later, unless something else happens first.
constexpr Duration kTimerGranularity = std::chrono::milliseconds(1);

// As a keep-alive interval.
constexpr Duration kAtOnce = std::chrono::nanoseconds(1);

constexpr std::size_t kVectorsPerPacket = 8;

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
  ngtcp2_conn_set_keep_alive_timeout(conn(), interval.count() > 0
                                                 ? to_duration(interval)
                                                 : std::numeric_limits<std::uint64_t>::max());
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
    return refuse(CloseReason::Kind::tls_alert, transport_code(Alert::no_application_protocol),
                  "no protocol was negotiated");
  }
  const std::optional<ProvenPeer> peer = tls_->proven_peer();
  if (!peer) {
    const Alert alert = initiated_here_ ? Alert::bad_certificate : Alert::certificate_required;
    return refuse(CloseReason::Kind::not_named, transport_code(alert),
                  "the peer proved neither the PSK nor the key that was expected");
  }
  if (!initiated_here_ &&
      !shared_.policy.admit(peer->id, peer->by_psk, tls_->server_name(), connected.alpn)) {
    return refuse(CloseReason::Kind::not_admitted, kConnectionRefused, "the policy refused");
  }
  KITH_CHECK(
      tls_->export_secret("EXPORTER-kith", as_byte_view(connected.alpn), connected.exporter));
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
  last_interface_ = interface;
  if (!(last_path_ == path)) last_path_ = path;
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
  Batch batch;
  int error = 0;
  for (std::size_t i = 0; i < max_segments && batch.size < quantum && batch.open; ++i) {
    // Later packets may not exceed the first, which also keeps MTU probes out of the middle.
    const std::size_t left = out.size() - batch.size;
    const std::size_t room = batch.segment == 0 ? left : std::min(batch.segment, left);
    if (room < std::max<std::size_t>(batch.segment, NGTCP2_MAX_UDP_PAYLOAD_SIZE)) break;
    Path path;
    ngtcp2_pkt_info info{};
    const auto space = out.subspan(batch.size, room);
    const ngtcp2_ssize rv = write_packet(path, info, space, ts);
    if (rv < 0) error = static_cast<int>(rv);
    if (rv <= 0) break;
    const auto packet = space.first(static_cast<std::size_t>(rv));
    bytes_sent_ += packet.size();
    const auto ecn = static_cast<Ecn>(info.ecn);
    if (path.socket() != socket || !append(batch, path, ecn, packet.size())) {
      strays.push_back({path, ecn, interface_of(path), {packet.begin(), packet.end()}});
      break;
    }
  }
  ngtcp2_conn_update_pkt_tx_time(conn(), ts);
  note_sent(now, batch.size);
  settle(now, error);
  if (batch.size == 0) return std::nullopt;
  return Transmit{socket,    batch.path.remote(), batch.path.local(), interface_of(batch.path),
                  batch.ecn, batch.segment,       batch.size};
}

// False if the packet just written cannot go out in one call with those before it.
bool Connection::append(Batch& batch, const Path& path, Ecn ecn, std::size_t size) const {
  if (batch.size == 0) {
    batch.path = path;
    batch.ecn = ecn;
    batch.segment = size;
    // Nothing equal follows what is smaller than any path allows, or larger than this one.
    batch.open = size >= NGTCP2_MAX_UDP_PAYLOAD_SIZE &&
                 size <= ngtcp2_conn_get_path_max_tx_udp_payload_size(conn());
  } else if (!(path == batch.path) || ecn != batch.ecn) {
    return false;
  }
  batch.open = batch.open && size == batch.segment;
  batch.size += size;
  return true;
}

void Connection::note_sent(Instant now, std::size_t size) {
  // What was sent at the instant of the move may have been a mere answer to a probe.
  if (moved_ && size > 0 && now > last_received_at_) {
    moved_ = false;
    keep_alive_every(shared_.config.keep_alive);
  }
  if (to_send_.size() > 1) std::rotate(to_send_.begin(), to_send_.begin() + 1, to_send_.end());
}

// Where a packet on this path has to leave, as far as the peer's last one tells.
std::uint32_t Connection::interface_of(const Path& path) const {
  return path == last_path_ ? last_interface_ : 0;
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
    const ngtcp2_ssize rv =
        ngtcp2_conn_writev_stream(conn(), path.get(), &info, uchars_out(out), out.size(), &consumed,
                                  flags, id, vectors.data(), count, ts);
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

// --- keys, paths, numbers -----------------------------------------------------------------------

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
