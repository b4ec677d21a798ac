#pragma once

// Pre-shared keys of the TLS handshake between paired devices (DESIGN section 5).
//
//   pairing secret --HKDF--+-- "kith psk v1"          --> the PSK
//                          \-- "kith psk identity v1" --> key of the identity's HMAC
//   identity = hex(first 16 bytes of HMAC(key, hour || dialer's id))
//
// The identity rotates every hour, so an observer cannot follow a device by it. Clocks that differ
// by up to kToleratedHours agree; for a clock that is wrong altogether the dialer falls back to an
// identity without the hour.

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engine/registry/device_record.h"
#include "kith/ids.h"

namespace kith {

inline constexpr std::int64_t kToleratedHours = 2;

struct PskOffer {
  std::string identity;
  std::array<std::byte, 32> key{};
  bool provisional = false;
};

// What a dialer may present to the owner of `record`, in the order to try: the proven secret before
// the provisional one, the rotating identity before the constant one.
std::vector<PskOffer> psk_offers(const DeviceRecord& record, const DeviceId& dialer,
                                 std::int64_t unix_ms);

class PskIndex {
 public:
  struct Match {
    DeviceId peer;
    std::array<std::byte, 32> key{};
    bool provisional = false;
  };

  // Every identity that a known, unblocked device may present to this one around `unix_ms`.
  void rebuild(const std::map<DeviceId, DeviceRecord>& records, std::int64_t unix_ms);

  // Whether the hour has moved since the last rebuild.
  bool stale(std::int64_t unix_ms) const;

  const Match* find(std::string_view identity) const;

 private:
  void add(const DeviceRecord& record, const SecretKey& secret, bool provisional);

  std::map<std::string, Match, std::less<>> matches_;
  std::int64_t hour_ = -1;
};

}  // namespace kith
