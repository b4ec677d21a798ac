#pragma once

// One QUIC connection: a ngtcp2 connection, its TLS handshake and its streams.
//
// It owns the memory ngtcp2 points into, turns callbacks into events, and judges at the end of the
// handshake whether the peer is known and admitted. It does not own: which datagrams are for it
// (router.h), when it is called (endpoint.cc), or sockets.
//
//   receive() --> ngtcp2 --> callbacks --> events
//   write()   <-- ngtcp2 <-- streams with something to send, in turn
//
// When it ends it keeps only what its owner has yet to take; ending() says how it ended.

#include <ngtcp2/ngtcp2.h>

#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "engine/base/random.h"
#include "engine/quic/endpoint.h"
#include "engine/quic/path.h"
#include "engine/quic/router.h"
#include "engine/quic/stream.h"
#include "engine/quic/tls_session.h"

namespace kith::quic {

class TlsContext;

// CONNECTION_REFUSED: the server does not want this connection (RFC 9000 section 20.1).
inline constexpr std::uint64_t kConnectionRefused = 0x02;

// What the connections of one endpoint share.
struct Shared {
  const EndpointConfig& config;
  ServerPolicy& policy;
  RandomSource& random;
  const TlsContext& tls;
  Router& router;
  std::deque<EndpointEvent>& events;
};

// A datagram that did not fit into the batch being written, or belongs to no connection.
struct Stray {
  Path path;
  Ecn ecn = Ecn::not_ect;
  std::uint32_t interface = 0;
  Bytes bytes;
};

// A client's proof that it owns its address, from a Retry token.
struct AddressProof {
  ngtcp2_cid original_destination;
  ByteView token;
};

struct Ending {
  CloseReason reason;
  bool nothing_began = false;     // the first packet was not worth a connection
  bool retry_wanted = false;      // and should be answered with a Retry
  std::optional<Stray> farewell;  // CONNECTION_CLOSE, also the answer to late packets
  Duration linger{};              // how long late packets are to be expected
  std::uint64_t allowance = 0;    // bytes that may still go to an address that proved nothing
};

class Connection {
 public:
  // Null when the library refuses what `hello` holds.
  static std::unique_ptr<Connection> connect(const Shared& shared, ConnectionId id, Instant now,
                                             const Path& path, const ClientHello& hello);
  static std::unique_ptr<Connection> accept(const Shared& shared, ConnectionId id, Instant now,
                                            const Path& path, const ngtcp2_pkt_hd& initial,
                                            const std::optional<AddressProof>& proof);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  ConnectionId id() const { return id_; }
  bool initiated_here() const { return initiated_here_; }
  bool connected() const { return connected_; }
  const std::optional<Ending>& ending() const { return ending_; }

  void receive(Instant now, const Path& path, std::uint32_t interface, Ecn ecn, ByteView datagram);
  void handle_deadline(Instant now);
  Instant deadline() const;

  // The socket of the path in use.
  SocketId socket() const;
  // Fills `out` as Endpoint::poll_datagrams does. What is for another path or does not fit into
  // equal segments goes to `strays`.
  std::optional<Transmit> write(Instant now, SocketId socket, std::span<std::byte> out,
                                std::size_t max_segments, std::deque<Stray>& strays);

  void open_stream(StreamKind kind, std::uint64_t tag);
  void write_stream(StreamId id, SharedBytes data, bool fin);
  void await_writable(StreamId id);
  // Into `out`; false if there is no such stream or nothing new.
  bool take(StreamId id, Bytes& out, bool& fin);
  void credit(StreamId id, std::uint64_t bytes);
  void reset_stream(StreamId id, std::uint64_t code);
  void stop_stream(StreamId id, std::uint64_t code);

  void close(Instant now, std::uint64_t code, std::string_view reason);
  bool update_keys(Instant now);
  bool migrate(Instant now, const Path& path);
  ConnectionStats stats() const;
  void check_invariants() const;

 private:
  // The table of ngtcp2's callbacks; each calls the member of the same name.
  friend struct ConnectionCallbacks;

  struct PendingOpen {
    StreamKind kind;
    std::uint64_t tag;
  };
  struct Refusal {
    CloseReason reason;
    ngtcp2_ccerr error;
  };
  struct FreeConn {
    void operator()(ngtcp2_conn* conn) const { ngtcp2_conn_del(conn); }
  };

  Connection(const Shared& shared, ConnectionId id, bool initiated_here);
  void adopt(ngtcp2_conn* made);
  ngtcp2_settings settings(Instant now) const;
  ngtcp2_transport_params transport_params() const;
  ngtcp2_conn* conn() const { return conn_.get(); }

  // Called by ngtcp2; zero or an error of ngtcp2.
  int on_handshake_completed();
  int on_stream_data(Stream* stream, std::uint32_t flags, ByteView data);
  int on_stream_acked(Stream* stream, std::uint64_t offset_end);
  int on_stream_opened(std::int64_t id);
  int on_stream_closed(Stream* stream, std::optional<std::uint64_t> code);
  int on_stream_reset(Stream* stream, std::uint64_t code);
  int on_stream_window_grew(Stream* stream);
  int on_stream_limit_grew();
  int on_new_connection_id(ngtcp2_cid* cid, std::uint8_t* token, std::size_t size);
  int on_path_validated(bool reached);
  int on_peer_connection_id(bool active, const std::uint8_t* token);

  int refuse(CloseReason::Kind kind, std::uint64_t transport_code, std::string_view text);

  // After every call into ngtcp2 that may have run callbacks.
  void settle(Instant now, int error);
  void end(Instant now, int error);
  CloseReason reason_for(int error, ngtcp2_ccerr& answer, bool& answer_wanted) const;
  void finish(Instant now, CloseReason reason, const ngtcp2_ccerr* answer);
  void keep_alive_every(Duration interval);
  Path normalized(const Path& path) const;

  // Packets for one call of the system: of equal size, the last perhaps shorter.
  struct Batch {
    Path path;
    Ecn ecn = Ecn::not_ect;
    std::size_t segment = 0;
    std::size_t size = 0;
    bool open = true;  // more may follow
  };
  bool append(Batch& batch, const Path& path, Ecn ecn, std::size_t size) const;
  void note_sent(Instant now, std::size_t size);
  std::uint32_t interface_of(const Path& path) const;
  ngtcp2_ssize write_packet(Path& path, ngtcp2_pkt_info& info, std::span<std::byte> out,
                            std::uint64_t ts);

  Stream* find_stream(StreamId id);
  Stream& add_stream(StreamId id, bool opened_here);
  void queue_to_send(Stream& stream);
  Stream* next_to_send();
  void notice_stops(std::uint64_t ts);
  void on_send_refused(Stream& stream);
  void stop_sending(Stream& stream, std::uint64_t code);
  void announce(Stream& stream);
  void note_low_water(Stream& stream);
  void forget_if_done(Stream& stream);
  void return_credit(std::uint64_t bytes);
  void open_pending_streams();

  const Shared shared_;
  const ConnectionId id_;
  const bool initiated_here_;
  std::unique_ptr<TlsSession> tls_;
  std::map<StreamId, Stream> streams_;
  std::deque<StreamId> to_send_;
  std::deque<PendingOpen> pending_opens_;
  std::optional<Refusal> refusal_;
  std::optional<Ending> ending_;
  Instant deadline_floor_ = Instant{std::numeric_limits<std::int64_t>::min()};
  Instant last_received_at_{};
  Path last_path_;  // of the peer's last datagram, and the interface it came in by
  std::uint32_t last_interface_ = 0;
  std::uint64_t bytes_sent_ = 0;
  std::uint64_t bytes_received_ = 0;
  std::uint64_t packets_lost_in_closed_streams_ = 0;
  std::uint64_t keys_prepared_ = 0;
  bool connected_ = false;
  bool session_over_ = false;  // the handshake is complete: the TLS session can go
  bool was_reset_ = false;     // a stateless reset arrived
  bool limit_grew_ = false;
  bool moved_ = false;  // to a new path, of which the peer has not heard yet
  // Last, so that it goes first: it calls back while it is being deleted.
  std::unique_ptr<ngtcp2_conn, FreeConn> conn_;
};

}  // namespace kith::quic
