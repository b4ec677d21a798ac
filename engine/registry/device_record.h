#pragma once

// What is kept of a device across restarts, and its form in the store (schemas/device.md).

#include <cstdint>
#include <optional>
#include <string>

#include "engine/base/random.h"
#include "engine/crypto/identity.h"
#include "engine/crypto/secret_bytes.h"
#include "kith/address.h"
#include "kith/ids.h"
#include "kith/store.h"

namespace kith {

inline constexpr std::size_t kMaxDeviceNameBytes = 64;

struct DeviceRecord {
  DeviceId id;
  std::string name;
  bool blocked = false;
  std::optional<SecretKey> secret;       // proven by both sides
  std::optional<SecretKey> provisional;  // stored here, the peer's commit is missing
  std::int64_t paired_at_ms = 0;
  std::int64_t last_seen_ms = 0;
  std::optional<VisibilityKey> visibility_key;  // by which it is found
  std::optional<Address> reached_at;            // when it was last dialled with success

  DeviceRecord clone() const;
};

std::string device_store_key(const DeviceId& id);

// The device a store key names; empty if the key is not a device's.
std::optional<DeviceId> device_of_store_key(std::string_view key);

StoreChange encode_device_record(const DeviceRecord& record, const SecretKey& sealing_key,
                                 RandomSource& random);

// corrupt: not a record, of a later version, or its secrets do not open under this key.
Result<DeviceRecord> decode_device_record(const DeviceId& id, ByteView value,
                                          const SecretKey& sealing_key);

// A name as strangers may send it, made printable and cut to kMaxDeviceNameBytes at a character.
std::string clean_device_name(std::string_view name);

}  // namespace kith
