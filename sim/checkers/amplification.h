#pragma once

// Invariant: before an address has shown that it receives, a device sends it at most three times
// what came from it (RFC 9000 section 8.1). An address has shown it by a Handshake packet, by a
// token, or by speaking again after it was answered; one that the device dialled by itself was
// named by a person or by the peer's own record. A peer that moves again may answer a challenge
// from its newest address, which proves the one that was challenged (section 8.2.3). Nobody on the
// wire can read that it is an answer, but it has the size to which answers are expanded, and goes
// to the same id of the connection. It is the rule of QUIC, and not of what finds devices.

#include <cstdint>
#include <deque>
#include <map>

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
  // What a challenge is expanded to, and its answer.
  static constexpr std::size_t kWholeBytes = 1200;

 private:
  struct Remote {
    std::uint64_t received_bytes = 0;
    std::uint64_t sent_bytes = 0;
    bool proven = false;
    std::deque<Bytes> ids;        // that it told its packets to be sent to
    std::deque<Bytes> spoken_to;  // of this device, in short headers
  };

  struct Life {
    MdnsSockets multicast_dns;
    std::map<Address, Remote> remotes;
  };

  void receive(Remote& remote, ByteView datagram);
  void receive_elsewhere(Life& life, const Address& from, ByteView datagram);
  bool is_dial(const Remote& remote, ByteView datagram) const;

  std::map<DeviceIndex, Life> devices_;
};

}  // namespace kith::sim
