#include "engine/core/access.h"

#include "engine/core/server_names.h"

namespace kith {

std::shared_ptr<const KeyPair> AccessPolicy::key_for(std::string_view server_name) {
  const auto key = key_of_server_name(server_name);
  if (!key) return nullptr;
  return *key == own_key_->id() ? own_key_ : pairing_.rendezvous_key(*key);
}

std::vector<std::string> AccessPolicy::alpns_for(std::string_view server_name) {
  const Door door = door_of(server_name);
  std::vector<std::string> alpns;
  for (const auto& entry : protocols_.entries()) {
    if (opens(door, entry)) alpns.push_back(entry.alpn);
  }
  return alpns;
}

std::optional<quic::ServerPolicy::PskMatch> AccessPolicy::psk_for(std::string_view identity) {
  const auto* match = devices_.psk_match(identity, unix_ms_());
  if (match == nullptr) return std::nullopt;
  return PskMatch{match->key, match->peer};
}

bool AccessPolicy::admit(const DeviceId& peer, bool by_psk, std::string_view server_name,
                         std::string_view alpn) {
  const auto* entry = protocols_.find(alpn);
  const DeviceRecord* record = devices_.find(peer);
  if (entry == nullptr || (record != nullptr && record->blocked)) return false;
  return opens(by_psk ? Door::psk_only : door_of(server_name), *entry) &&
         (by_psk || entry->access == Access::anyone);
}

AccessPolicy::Door AccessPolicy::door_of(std::string_view server_name) const {
  const auto key = key_of_server_name(server_name);
  if (!key) return Door::psk_only;
  return *key == own_key_->id() ? Door::own_id : Door::rendezvous;
}

bool AccessPolicy::opens(Door door, const ProtocolRegistry::Entry& entry) {
  const bool is_pairing = entry.alpn == pairing::kPairingAlpn;
  switch (door) {
    case Door::psk_only:
      return !is_pairing;
    case Door::own_id:
      return !is_pairing && entry.access == Access::anyone;
    case Door::rendezvous:
      return is_pairing;
  }
  return false;
}

}  // namespace kith
