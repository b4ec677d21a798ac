#pragma once

// Behind Endpoint: the connections, who wants to send, who waits for when, and what is answered
// without a connection. endpoint.cc has the verbs of the owner, first_packet.cc what happens to a
// datagram that belongs to no connection.

#include <ngtcp2/ngtcp2.h>

#include <array>
#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/random.h"
#include "engine/quic/connection.h"
#include "engine/quic/endpoint.h"
#include "engine/quic/router.h"
#include "engine/quic/tls_context.h"

namespace kith::quic {

class Endpoint::State {
 public:
  State(const EndpointConfig& config, ServerPolicy& policy, RandomSource random);

  Result<ConnectionId> connect(Instant now, SocketId socket, const Address& local,
                               const Address& remote, const ClientHello& hello);
  void handle_datagrams(Instant now, const DatagramsReceived& batch);
  void handle_timeout(Instant now);
  std::optional<Wakeup> next_wakeup() const;
  std::optional<EndpointEvent> poll_event();
  std::optional<Transmit> poll_datagrams(Instant now, SocketId socket, std::span<std::byte> out,
                                         std::size_t max_segments);

  // Null if there is no such connection.
  Connection* find(ConnectionId id);
  const Connection* find(ConnectionId id) const;
  // The owner asked a connection for something that may make it send.
  void mark_ready(ConnectionId id);
  void close(Instant now, ConnectionId id, std::uint64_t code, std::string_view reason);
  bool update_keys(Instant now, ConnectionId id);
  bool migrate(Instant now, ConnectionId id, const Path& path);
  void mix(ByteView entropy) { random_.mix(entropy); }

  std::size_t connection_count() const { return live_; }
  const std::map<std::string_view, std::uint64_t>& counters() const { return counters_; }
  void check_invariants() const;

  Bytes taken;  // what the last take() lent to the owner

 private:
  struct Entry {
    std::unique_ptr<Connection> connection;
    Instant due = Instant::never();
    bool ready = false;
    bool counted_as_handshake = false;
    bool over = false;  // its Closed is on its way to the owner
  };

  // What is left of a connection while late packets may come (RFC 9000 section 10.2).
  struct Closing {
    Instant until;
    std::optional<Stray> farewell;  // absent when draining: late packets are not answered
    std::uint64_t received = 0;
    std::uint64_t answer_at = 1;  // doubles with every answer
    std::uint64_t allowance = 0;  // bytes that may go to an address that proved nothing
  };

  // One datagram of a batch, and the batch it came in.
  struct Arrival {
    Instant now;
    const Path& path;
    std::uint32_t interface;
    Ecn ecn;
    ByteView bytes;
  };

  // Dispatch.
  void dispatch(const Arrival& arrival);
  void deliver(ConnectionId id, const Arrival& arrival);
  void answer_late(ConnectionId id, const Arrival& arrival);

  // Datagrams without a connection.
  void handle_stranger(const Arrival& arrival, const ngtcp2_version_cid& header);
  void handle_initial(const Arrival& arrival);
  void accept(const Arrival& arrival, const ngtcp2_pkt_hd& initial,
              const std::optional<AddressProof>& proof);
  enum class TokenVerdict { none, valid, invalid };
  TokenVerdict judge_token(const Arrival& arrival, const ngtcp2_pkt_hd& initial,
                           std::optional<AddressProof>& proof) const;
  void send_retry(const Arrival& arrival, const ngtcp2_pkt_hd& initial);
  void send_version_negotiation(const Arrival& arrival, const ngtcp2_version_cid& header);
  void send_stateless_reset(const Arrival& arrival, const ngtcp2_version_cid& header);
  void send_refusal(const Arrival& arrival, const ngtcp2_pkt_hd& initial, std::uint64_t code);
  bool may_answer(Instant now);
  void push_stray(Stray stray);

  // Bookkeeping.
  void settle(Instant now, ConnectionId id);
  void settle_timer(Instant now, ConnectionId id, Entry& entry);
  void bury(Instant now, ConnectionId id, Entry& entry);
  void set_timer(ConnectionId id, Instant& slot, Instant due);
  void make_ready(ConnectionId id, Entry& entry);
  std::optional<Transmit> poll_strays(SocketId socket, std::span<std::byte> out);
  void count(std::string_view reason, std::uint64_t times = 1);
  void advance(Instant now);

  const EndpointConfig config_;
  RandomSource random_;
  const std::array<std::byte, 32> retry_key_;
  std::unique_ptr<TlsContext> tls_;
  Router router_;
  std::deque<EndpointEvent> events_;
  const Shared shared_;

  std::map<ConnectionId, Entry> connections_;
  std::map<ConnectionId, Closing> closings_;
  std::set<std::pair<Instant, ConnectionId>> timers_;
  std::map<SocketId, std::deque<ConnectionId>> ready_;
  std::map<SocketId, std::deque<Stray>> strays_;
  std::deque<Stray> fresh_strays_;
  std::optional<ConnectionId> touched_;  // by the batch at hand, and not yet settled
  std::map<std::string_view, std::uint64_t> counters_;
  std::size_t live_ = 0;        // connections that are not over
  std::size_t handshakes_ = 0;  // of them, accepted and not yet connected
  std::uint64_t next_id_ = 0;
  std::uint64_t answers_left_ = 0;
  Instant answers_counted_at_{std::numeric_limits<std::int64_t>::min()};
  Instant last_now_{std::numeric_limits<std::int64_t>::min()};
};

}  // namespace kith::quic
