#pragma once

// Two endpoints on one virtual clock with a programmable network between them. Nothing happens
// between two wakeups, so an hour of silence costs nothing.

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/base/random.h"
#include "engine/quic/endpoint.h"

namespace kith::quic::testing {

// A server's decisions, as a test sets them.
class TestPolicy final : public ServerPolicy {
 public:
  std::shared_ptr<const KeyPair> key_for(std::string_view server_name) override;
  std::vector<std::string> alpns_for(std::string_view server_name) override;
  std::optional<PskMatch> psk_for(std::string_view identity) override;
  bool admit(const DeviceId& peer, bool by_psk, std::string_view server_name,
             std::string_view alpn) override;

  std::map<std::string, std::shared_ptr<const KeyPair>, std::less<>> keys;  // by server name
  std::vector<std::string> alpns{"kith/test/1"};
  std::map<std::string, PskMatch, std::less<>> psks;
  bool admits = true;
  int asked_for_key = 0;
  int asked_to_admit = 0;
};

struct Packet {
  Address from;
  Address to;
  Ecn ecn = Ecn::not_ect;
  Bytes bytes;
};

// What one side has seen of one stream.
struct StreamLog {
  Bytes received;
  bool fin = false;
  std::optional<std::uint64_t> reset;
  std::optional<std::uint64_t> stopped;
  int writable = 0;
};

class Host {
 public:
  Host(const EndpointConfig& config, const RandomSource& random, std::string_view name,
       const Address& at);

  // Takes events, and the bytes of streams where `takes` is set; returns credit where `credits` is.
  void drain();

  // The last event of a kind, if any.
  template <class T>
  const T* last() const {
    for (auto event = events.rbegin(); event != events.rend(); ++event) {
      if (const T* found = std::get_if<T>(&*event)) return found;
    }
    return nullptr;
  }
  template <class T>
  std::size_t count() const {
    std::size_t found = 0;
    for (const EndpointEvent& event : events) found += std::holds_alternative<T>(event) ? 1 : 0;
    return found;
  }
  std::uint64_t counter(std::string_view reason) const;

  std::shared_ptr<const KeyPair> key;
  TestPolicy policy;
  Address address;
  SocketId socket{1};
  // A second socket, for those that have another way.
  std::optional<Address> other_address;
  SocketId other_socket{2};
  Endpoint endpoint;
  std::vector<EndpointEvent> events;
  std::map<StreamId, StreamLog> streams;
  bool takes = true;
  bool credits = true;
  std::size_t max_segments = 64;
};

// In parts of a thousand, for each packet.
struct Faults {
  std::uint32_t lost = 0;
  std::uint32_t duplicated = 0;
  std::uint32_t reordered = 0;  // held back by up to three delays
  std::uint32_t corrupted = 0;
};

class Pair {
 public:
  struct Options {
    EndpointConfig client;
    EndpointConfig server;
    std::uint8_t seed = 1;
    Instant start{};
  };
  Pair();
  explicit Pair(const Options& options);

  // A hello that the server, named "server", accepts.
  ClientHello hello() const;
  ClientHello psk_hello(std::string_view identity = "paired") const;
  ConnectionId connect(const ClientHello& hello);
  // Connects and runs until both sides are connected.
  ConnectionId establish();
  ConnectionId establish(const ClientHello& hello);
  // The server's side of the last connection.
  ConnectionId accepted() const;

  // Opens a stream here and waits for it.
  StreamId open(Host& host, ConnectionId connection, StreamKind kind = StreamKind::bidirectional);

  // Steps until `done` or until so much time has passed; whether it was done.
  bool run_until(const std::function<bool()>& done, Duration limit = std::chrono::seconds(60));
  void run_for(Duration time);

  Host client;
  Host server;
  Instant now;
  Duration delay = std::chrono::milliseconds(5);
  std::size_t mtu = 1472;  // larger UDP payloads vanish
  // Bytes per second each way, through a queue that drops at its end; zero: no limit.
  std::uint64_t rate = 0;
  std::uint64_t queue_bytes = 256 << 10;
  Faults faults;
  // Sees every packet before anything else; false loses it.
  std::function<bool(Packet&)> filter;
  std::uint64_t packets = 0;
  std::array<std::byte, 32> trace_hash{};  // of every packet sent, its time and its way

 private:
  bool step(Instant limit);
  void collect(Host& host);
  void collect(Host& host, SocketId socket, const Address& from);
  void send(Packet packet);
  void deliver(const Packet& packet);
  Instant next_event() const;

  RandomSource random_;
  std::multimap<Instant, Packet> in_flight_;
  std::map<Address, Instant> link_free_at_;  // by receiver
};

SharedBytes shared(std::string_view text);
// Bytes that differ at every place, so that a shift or a gap shows.
Bytes pattern(std::size_t size, std::uint64_t seed = 0);

}  // namespace kith::quic::testing
