#pragma once

// What the DHT stores (BEP 44): values named by their hash, and values named by a key and signed
// with it, whose sequence number says which is the latest.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "engine/crypto/key_pair.h"
#include "engine/discovery/dht/node_id.h"
#include "kith/bytes.h"
#include "kith/ids.h"

namespace kith::dht {

// Both of BEP 44.
inline constexpr std::size_t kMaxValueBytes = 1000;  // bencoded
inline constexpr std::size_t kMaxSaltBytes = 64;

struct MutableItem {
  DeviceId key;  // the Ed25519 public key
  Bytes salt;
  std::int64_t seq = 0;  // not negative
  Bytes value;           // bencoded
  Signature signature{};

  friend bool operator==(const MutableItem&, const MutableItem&) = default;
};

NodeId immutable_target(ByteView value);
NodeId mutable_target(const DeviceId& key, ByteView salt);

// "4:salt<length>:<salt>3:seqi<seq>e1:v<value>", the salt left out where it is empty.
Bytes signed_bytes(ByteView salt, std::int64_t seq, ByteView value);

// `value` is bencoded, within the limits.
MutableItem sign_item(const KeyPair& key, ByteView salt, std::int64_t seq, ByteView value);

// The signature is the key's, and the item within the limits.
bool verify(const MutableItem& item);

// A byte string as a bencoded value.
Bytes string_value(ByteView text);
// What such a value holds; nothing of other values.
std::optional<Bytes> string_in(ByteView value);

}  // namespace kith::dht
