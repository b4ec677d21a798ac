#pragma once

// Who gets in: the decisions of the TLS handshake, made from the registries alone.
//
//   the client shows          it may speak
//   ------------------------  ---------------------------------------------------
//   a pairing PSK             every protocol but pairing, as the paired device
//   our id as server name     protocols with Access::anyone but pairing
//   a live rendezvous key     pairing
//   anything else             nothing: no key is shown and the handshake is refused
//
// A blocked device gets nothing, whatever it shows.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/pairing/pairing.h"
#include "engine/quic/endpoint.h"
#include "engine/registry/device_registry.h"
#include "engine/registry/protocol_registry.h"

namespace kith {

class AccessPolicy final : public quic::ServerPolicy {
 public:
  using UnixTime = std::function<std::int64_t()>;  // milliseconds

  // All outlive the policy.
  AccessPolicy(std::shared_ptr<const KeyPair> own_key, const pairing::PairingProtocol& pairing,
               const ProtocolRegistry& protocols, DeviceRegistry& devices, UnixTime unix_ms)
      : own_key_(std::move(own_key)),
        pairing_(pairing),
        protocols_(protocols),
        devices_(devices),
        unix_ms_(std::move(unix_ms)) {}

  std::shared_ptr<const KeyPair> key_for(std::string_view server_name) override;
  std::vector<std::string> alpns_for(std::string_view server_name) override;
  std::optional<PskMatch> psk_for(std::string_view identity) override;
  bool admit(const DeviceId& peer, bool by_psk, std::string_view server_name,
             std::string_view alpn) override;

 private:
  enum class Door : std::uint8_t { psk_only, own_id, rendezvous };
  Door door_of(std::string_view server_name) const;
  static bool opens(Door door, const ProtocolRegistry::Entry& entry);

  std::shared_ptr<const KeyPair> own_key_;
  const pairing::PairingProtocol& pairing_;
  const ProtocolRegistry& protocols_;
  DeviceRegistry& devices_;
  UnixTime unix_ms_;
};

}  // namespace kith
