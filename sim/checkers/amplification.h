#pragma once

// Invariant: before an address has shown that it receives, a device sends it at most three times
// what came from it (RFC 9000 section 8.1). An address has shown it by a Handshake packet, by a
// token, or by speaking again after it was answered; one that the device dialled by itself was
// named by a person or by the peer's own record. A peer that moves again may answer a challenge
// from its newest address (section 8.2.3), which nobody on the wire can read: when a whole datagram
// has come from elsewhere, a few may go out at once to ask in full size (section 8.2.1). It is the
// rule of QUIC, and not of what finds devices.

#include <cstdint>
#include <deque>
#include <map>
#include <optional>

#include "kith/bytes.h"
#include "sim/checkers/checker.h"
#include "sim/checkers/mdns_sockets.h"
#include "sim/world/device.h"

namespace kith::sim {

class Amplification final : public Checker {
 public:
  std::string_view name() const override { return "amplification"; }

  void on_stopped(Device& device, Instant at, Ending ending) override;
  void on_input(Device& device, Instant at, const Input& input) override;
  void on_transmit(Device& device, Instant at, const Transmit& transmit, ByteView bytes) override;

  // RFC 9000 section 8.1.
  static constexpr std::uint64_t kMostTimes = 3;
  // What a challenge is expanded to, and how many there are: two in each of three rounds.
  static constexpr std::size_t kWholeBytes = 1200;
  static constexpr std::uint64_t kMostChallenges = 6;

 private:
  struct Remote {
    std::uint64_t received_bytes = 0;
    std::uint64_t sent_bytes = 0;
    bool proven = false;
    std::uint64_t challenges = 0;  // in full size
    std::deque<Bytes> ids;         // that it told its packets to be sent to
  };

  struct Life {
    MdnsSockets multicast_dns;
    std::optional<Instant> whole_at;  // when a whole datagram last came from anywhere
    std::map<Address, Remote> remotes;
  };

  void receive(Remote& remote, ByteView datagram);
  static bool asks_in_full(const Life& life, const Remote& remote, Instant at, ByteView datagram);
  bool is_dial(const Remote& remote, ByteView datagram) const;

  std::map<DeviceIndex, Life> devices_;
};

}  // namespace kith::sim
