#pragma once

// A machine that takes part in every handshake with a key of its own, whoever was wanted: where
// forged answers lead. It is believed when somebody completes a handshake with it as a client,
// which only who wanted no key in particular may do.

#include <map>
#include <memory>

#include "engine/quic/endpoint.h"
#include "sim/network/network.h"

namespace kith::sim {

class Impostor final : private quic::ServerPolicy {
 public:
  explicit Impostor(RandomSource random);

  void handle(Instant now, const Arrival& arrival);
  // The next datagram that it says to someone.
  struct Said {
    Address source, destination;
    Bytes bytes;
  };
  std::optional<Said> poll(Instant now);

  // Dials of others, and handshakes that they completed.
  std::uint64_t dialled() const { return dialled_; }
  std::uint64_t believed() const { return believed_; }

 private:
  std::shared_ptr<const KeyPair> key_for(std::string_view) override;
  std::vector<std::string> alpns_for(std::string_view) override;
  std::optional<PskMatch> psk_for(std::string_view) override { return std::nullopt; }
  bool admit(const DeviceId&, bool, std::string_view, std::string_view) override { return true; }

  RandomSource random_;
  std::shared_ptr<const KeyPair> key_;
  quic::Endpoint endpoint_;
  Address local_;  // where it was last spoken to
  std::uint64_t dialled_ = 0;
  std::uint64_t believed_ = 0;
};

}  // namespace kith::sim
