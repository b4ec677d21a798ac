#pragma once

// An attacker's machine in a simulated world: a node of its own with a QUIC endpoint that keeps no
// rule of pairing. It dials with any server name and any guess of the password, presents a key of
// its own to whoever dials it, and sends datagrams under any source address.

#include <cstdint>
#include <map>
#include <memory>

#include "engine/pairing/exchange.h"
#include "engine/quic/endpoint.h"
#include "engine/wire/frame.h"
#include "sim/world/world.h"

namespace kith::sim {

// What a guesser does when it has learnt from the answer that its guess was wrong.
enum class AfterAnswer : std::uint8_t {
  go_on,  // sends a confirmation all the same
  say_nothing,
};

class Stranger final : private EventTarget, private DatagramSink, private quic::ServerPolicy {
 public:
  // Linked to every device of the world, 5 ms away. Lives as long as the world runs.
  Stranger(World& world, const Address& address);
  // On the internet, at an address that it takes from whoever has it.
  Stranger(World& world, const Address& address, const MemberSpec& internet);

  const Address& address() const { return address_; }
  NodeId node() const { return node_; }

  // Dials a rendezvous, with a fresh TLS key, and runs the exchange with this password.
  void guess(const Address& at, const DeviceId& rendezvous, const SecretKey& password,
             AfterAnswer after = AfterAnswer::go_on);

  // Puts one datagram on the wire as if `source` had sent it.
  void inject(const Address& source, const Address& destination, ByteView bytes);

  // How far its guesses came.
  struct Guesses {
    std::uint64_t dialled = 0;
    std::uint64_t connected = 0;  // the handshake was completed
    std::uint64_t answered = 0;   // the other side ran its part of CPace
    std::uint64_t right = 0;      // and its answer was made with the same password
    std::uint64_t ended = 0;      // by the other side, or given up
  };
  const Guesses& guesses() const { return guesses_; }

  // Of those who dialled it: how many took it for the one they wanted, and the bytes they told it.
  std::uint64_t deceived() const { return deceived_; }
  // Datagrams that came from others.
  std::uint64_t datagrams() const { return datagrams_; }
  std::uint64_t bytes_heard() const { return bytes_heard_; }

 private:
  struct Guess {
    std::shared_ptr<const KeyPair> key;
    DeviceId rendezvous;
    SecretKey password;
    AfterAnswer after = AfterAnswer::go_on;
    std::unique_ptr<pairing::Exchange> exchange;
    wire::FrameReader frames{pairing::kMaxFrameBytes};
  };

  struct Unlinked {};
  Stranger(World& world, const Address& address, Unlinked);

  void on_event(Instant now, std::uint64_t argument) override;
  void on_datagrams(Instant now, const Arrival& arrival) override;

  std::shared_ptr<const KeyPair> key_for(std::string_view) override { return own_key_; }
  std::vector<std::string> alpns_for(std::string_view) override;
  std::optional<PskMatch> psk_for(std::string_view) override { return std::nullopt; }
  bool admit(const DeviceId&, bool, std::string_view, std::string_view) override { return true; }

  // Takes what the endpoint has to say and sends what it has to send.
  void run(Instant now);
  void on(const quic::Connected& event);
  void on(const StreamReady& event);
  void on(const quic::StreamReadable& event);
  void on(const quic::Closed& event);
  template <class Other>
  void on(const Other&) {}
  void answer(ConnectionId connection, StreamId stream, Guess& guess,
              const pairing::Message& message);
  void send(ConnectionId connection, StreamId stream, const pairing::Message& message);

  World& world_;
  RandomSource random_;
  Address address_;
  Identity identity_;
  std::shared_ptr<const KeyPair> own_key_;
  NodeId node_;
  quic::Endpoint endpoint_;
  std::map<ConnectionId, Guess> running_;
  Guesses guesses_;
  std::uint64_t deceived_ = 0;
  std::uint64_t bytes_heard_ = 0;
  std::uint64_t datagrams_ = 0;
  Instant timer_at_ = Instant::never();
};

}  // namespace kith::sim
