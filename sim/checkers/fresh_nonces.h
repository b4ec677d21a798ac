#pragma once

// Invariant: what a device seals by itself (engine/crypto/aead.h) has a nonce that was never used
// for anything else under the same key: not in its life before, nor after what it had stored was
// lost. It sees
//
//   the secrets in the records of devices, which are sealed for its own store, and
//   the addresses under a name in the DHT, which are sealed for who is to find it.
//
// The same bytes once more are no second use: a record is put to several nodes.
//
// It does not see what is inside of a connection, where people who pair seal who they are, nor the
// nonces of packets: they are their numbers, which header protection hides. Of those
// fresh_dials.h has what shows.

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string_view>

#include "engine/crypto/blake3.h"
#include "kith/bytes.h"
#include "kith/ids.h"
#include "sim/checkers/checker.h"
#include "sim/world/device.h"

namespace kith::sim {

class FreshNonces final : public Checker {
 public:
  std::string_view name() const override { return "fresh_nonces"; }

  void on_output(Device& device, Instant at, const Output& output) override;
  void on_transmit(Device& device, Instant at, const Transmit& transmit, ByteView bytes) override;

  // In a world; then the oldest are forgotten.
  static constexpr std::size_t kMostRemembered = 100'000;

 private:
  enum class Purpose : std::uint8_t { store, dht };
  // A key by its owner and purpose, and the nonce.
  struct Use {
    Purpose purpose = Purpose::store;
    DeviceId owner;
    std::array<std::byte, 24> nonce{};
    friend auto operator<=>(const Use&, const Use&) = default;
  };

  void on_put(Device& device, Instant at, ByteView query);
  void on_sealed(Device& device, Instant at, Purpose purpose, const DeviceId& owner,
                 ByteView sealed);

  std::map<Use, Digest> uses_;  // and what was sealed
  std::deque<Use> order_;
};

}  // namespace kith::sim
