#pragma once

// What a key tells of itself in the DHT: a pkarr packet, which is a DNS message that stands,
// signed, in a mutable item under the key (BEP 44; schemas/discovery.md). Names end in the key as
// z-base-32:
//
//   _kith.<key>  TXT  sealed addresses, in strings of at most 255 bytes
//   _iroh.<key>  TXT  "relay=<url>", "addr=<ip:port>": for everyone to read, as iroh writes them
//
// It does not own: when it is published, the sequence number, the DHT.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/random.h"
#include "engine/crypto/secret_bytes.h"
#include "kith/address.h"
#include "kith/bytes.h"
#include "kith/ids.h"

namespace kith::pkarr {

// A bencoded string of 1000 bytes (BEP 44) without its length and colon.
inline constexpr std::size_t kMaxPacketBytes = 996;
// Sealed ones are 7 or 19 bytes each.
inline constexpr std::size_t kMaxAddresses = 16;
inline constexpr std::size_t kMaxRelayBytes = 255 - 6;

struct Presence {
  std::vector<Address> addresses;       // for who has the key; the first kMaxAddresses
  std::vector<Address> open_addresses;  // for everyone
  std::string relay;                    // a URL, or empty
  friend bool operator==(const Presence&, const Presence&) = default;
};

// The key under which the addresses of a presence are sealed, from what its readers share.
SecretKey sealing_key(ByteView shared);

// The DNS packet, of at most kMaxPacketBytes: open addresses are left out, the last first, where
// they do not fit.
Bytes write(const DeviceId& name, const Presence& presence, const SecretKey& sealing,
            RandomSource& random);

enum class Refusal {
  too_large,  // no item holds it
  not_dns,
  sealed_badly,  // with the right key, but nothing that this version understands
};
std::string_view to_string(Refusal refusal);

// What a packet of anybody says about `name`; records of other names mean nothing. Without a key,
// or if it is another's, there are no sealed addresses.
Result<Presence, Refusal> read(const DeviceId& name, ByteView packet, const SecretKey* sealing);

}  // namespace kith::pkarr
