#pragma once

// A sans-IO QUIC endpoint (RFC 9000, 9001): many connections, as client and as server, over the
// sockets its owner names. ngtcp2 does the transport, wolfSSL the handshake.
//
//   datagrams --> handle_datagrams --> connection by destination connection id
//                                  \-> new connection | Retry | Version Negotiation | reset
//   poll_event  <-- Connected, stream events, Closed
//   poll_datagrams <-- packets of the connections that have something to send, in turn
//
// A peer is always known: a connection becomes Connected only when the pairing PSK or a verified
// raw public key (RFC 7250) names the peer and the policy admits it; anything else is closed. A
// client is Connected when it knows the server, which has yet to judge the client's raw public key
// then: a refusal arrives as Closed with `was_connected`.
// It does not own: sockets, addresses of devices, which protocol may be spoken (the policy says),
// or what streams carry.

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/base/random.h"
#include "engine/crypto/identity.h"
#include "engine/registry/protocol.h"
#include "kith/address.h"
#include "kith/ids.h"
#include "kith/input.h"
#include "kith/output.h"
#include "kith/time.h"

namespace kith::quic {

enum class CongestionControl : std::uint8_t { cubic, bbr };

using ResetKey = std::array<std::byte, 32>;

struct EndpointConfig {
  Duration idle_timeout = std::chrono::seconds(30);
  Duration keep_alive = std::chrono::seconds(10);
  Duration handshake_timeout = std::chrono::seconds(10);
  // Window sizes: bytes a peer may have in flight before the owner returns credit.
  std::uint64_t connection_window = 16u << 20;
  std::uint64_t stream_window = 6u << 20;
  std::uint64_t max_streams_bidi = 64;
  std::uint64_t max_streams_uni = 64;
  std::size_t max_connections = 4096;
  // Handshakes in progress beyond which a client must prove its address first (Retry).
  std::size_t retry_above_handshakes = 64;
  std::size_t max_handshakes = 512;
  bool discover_mtu = true;
  // The largest UDP payload that path MTU discovery tries: loopback carries it, and it leaves room
  // for any header within the 65,535 bytes of an IP packet. Sockets must forbid fragmentation, or
  // every path seems to carry it.
  std::size_t max_udp_payload = 65'000;
  // Better than AES-GCM on a processor without AES instructions.
  bool prefer_chacha20 = false;
  // Keys are updated before so many packets were sent under one; RFC 9001 section 6.6 allows 2^23
  // with AES-GCM.
  std::uint64_t max_packets_per_key = std::uint64_t{1} << 23;
  // BBR loses less to packets that are lost for other reasons than congestion: at 5 % loss and a
  // round trip of 40 ms it fills 43 % of 10 Mbit/s, CUBIC 16 %. Without loss they are equal.
  CongestionControl congestion_control = CongestionControl::bbr;
  // Of stateless reset tokens (RFC 9000 section 10.3.2). With the same key in every life, peers are
  // told at the first packet that a connection is gone; absent, they find out by silence.
  std::optional<ResetKey> reset_key;
};

using PskKey = std::array<std::byte, 32>;

// What a client shows and demands.
struct ClientHello {
  std::string server_name;  // SNI; empty: none is sent
  std::vector<std::string> alpns;
  std::shared_ptr<const KeyPair> key;    // raw public key to present
  std::optional<DeviceId> expected_key;  // raw public key the server must prove, unless a PSK did
  struct Psk {
    std::string identity;  // printable, no NUL
    PskKey key{};
    DeviceId peer;
  };
  std::optional<Psk> psk;  // if set it is required: no fallback to raw public keys
};

// What a server decides during a handshake. Called from within handle_datagrams.
class ServerPolicy {
 public:
  virtual ~ServerPolicy() = default;

  // The key to present for this server name ("" if none was sent). Null: no key is shown, so only
  // a PSK can complete the handshake; a client without one gets alert unrecognized_name (112).
  virtual std::shared_ptr<const KeyPair> key_for(std::string_view server_name) = 0;

  // The ALPNs offered to a client that asked for this server name, by preference.
  virtual std::vector<std::string> alpns_for(std::string_view server_name) = 0;

  struct PskMatch {
    PskKey key{};
    DeviceId peer;
  };
  virtual std::optional<PskMatch> psk_for(std::string_view identity) = 0;

  // The last word, when the handshake is complete and the peer is named.
  virtual bool admit(const DeviceId& peer, bool by_psk, std::string_view server_name,
                     std::string_view alpn) = 0;
};

struct Connected {
  ConnectionId connection;
  bool initiated_here = false;
  DeviceId peer;
  bool by_psk = false;
  std::string psk_identity;  // the one that was accepted, if by_psk
  DeviceId own_key;          // zero when a PSK made it unnecessary to show one
  std::string alpn;
  std::string server_name;
  Address remote;
  std::array<std::byte, 32> exporter{};  // label "EXPORTER-kith", context: the ALPN
};

struct StreamReadable {  // read it with take()
  ConnectionId connection;
  StreamId stream;
};

struct CloseReason {
  enum class Kind : std::uint8_t {
    local,             // close() was called
    peer_application,  // CONNECTION_CLOSE of type 0x1d with `code`
    peer_transport,    // a QUIC error `code` (RFC 9000 section 20.1), found by either side
    tls_alert,         // handshake refused: `code` is the alert, received or sent
    not_named,         // the peer proved neither the PSK nor the key that was expected
    not_admitted,      // the policy refused
    idle_timeout,
    handshake_timeout,  // never answered
    stateless_reset,
    version_negotiation,
    internal,
  };
  Kind kind = Kind::internal;
  std::uint64_t code = 0;
  std::string text;
  bool was_connected = false;
};
struct Closed {
  ConnectionId connection;
  CloseReason reason;
};

// StreamReadable comes once until take() is called. StreamStopped has code 0 where the peer stops
// reading a stream that it goes on writing, since ngtcp2 1.11 does not tell the code then.
using EndpointEvent = std::variant<Connected, StreamOpened, StreamReady, StreamReadable,
                                   StreamWritable, StreamReset, StreamStopped, Closed>;

struct ConnectionStats {
  Address remote;
  Duration smoothed_rtt{};
  std::uint64_t bytes_sent = 0;
  std::uint64_t bytes_received = 0;
  std::uint64_t packets_lost = 0;  // of those that carried stream data
  std::uint64_t congestion_window = 0;
  std::size_t path_mtu = 0;
  std::uint64_t key_updates = 0;
};

class Endpoint {
 public:
  // `policy` outlives the endpoint. All randomness, connection ids and tokens come from `random`.
  Endpoint(const EndpointConfig& config, ServerPolicy& policy, RandomSource random);
  ~Endpoint();
  Endpoint(const Endpoint&) = delete;
  Endpoint& operator=(const Endpoint&) = delete;

  // limit_exceeded when max_connections are open. -> Connected or Closed
  Result<ConnectionId> connect(Instant now, SocketId socket, const Address& local,
                               const Address& remote, const ClientHello& hello);

  void handle_datagrams(Instant now, const DatagramsReceived& batch);
  void handle_timeout(Instant now);
  std::optional<Wakeup> next_wakeup() const;
  std::optional<EndpointEvent> poll_event();
  std::optional<Transmit> poll_datagrams(Instant now, SocketId socket, std::span<std::byte> out,
                                         std::size_t max_segments);

  // Streams. Operations on a connection or stream that is gone do nothing.
  void open_stream(ConnectionId connection, StreamKind kind, std::uint64_t tag);  // -> StreamReady
  void write(ConnectionId connection, StreamId stream, SharedBytes data, bool fin);
  void await_writable(ConnectionId connection, StreamId stream);  // -> StreamWritable
  struct Readable {
    ByteView bytes;
    bool fin = false;  // nothing follows `bytes`
  };
  // All that has arrived in order and was not yet taken; valid until the next call. Taking does
  // not return credit. What arrived before the end of a connection can be taken until its Closed
  // is polled.
  Readable take(ConnectionId connection, StreamId stream);
  // The peer hears of it when half a window has been returned. A peer may open another stream when
  // one has ended both ways and all of its credit was returned.
  void credit(ConnectionId connection, StreamId stream, std::uint64_t bytes);
  void reset_stream(ConnectionId connection, StreamId stream, std::uint64_t code);
  void stop_stream(ConnectionId connection, StreamId stream, std::uint64_t code);

  // Sends CONNECTION_CLOSE (application) and forgets the connection. -> Closed{local}
  void close(Instant now, ConnectionId connection, std::uint64_t code, std::string_view reason);

  // Starts a key update (RFC 9001 section 6) when one is allowed; false if not yet.
  bool update_keys(Instant now, ConnectionId connection);

  // Fresh entropy for all that is drawn from here on.
  void mix(ByteView entropy);

  // Moves a connection begun here to another path of its own (RFC 9000 section 9): what is sent
  // goes there as soon as the peer was reached on it, and stays where it is if that fails. False if
  // it cannot begin now: the handshake is not confirmed, or the address is the one in use.
  bool migrate(Instant now, ConnectionId connection, SocketId socket, const Address& local,
               const Address& remote);

  std::optional<ConnectionStats> stats(ConnectionId connection) const;
  std::size_t connection_count() const;
  const std::map<std::string_view, std::uint64_t>& counters() const;
  void check_invariants() const;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace kith::quic
