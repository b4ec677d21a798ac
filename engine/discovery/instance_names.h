#pragma once

// What a device is called on a LAN: nothing that tells strangers who it is. Paired devices know its
// visibility key and recognise it; for all others it has another name every hour.
//
//   label = z-base-32(first 20 bytes of HMAC-SHA-256(visibility key, "kith mdns v1" | hour))
//
// The hour is that of the Unix clock. A label is recognised in the hours before and after as well,
// since clocks differ. (Who watches addresses or MACs can still follow a device.)

#include <cstdint>
#include <string>
#include <vector>

#include "engine/crypto/identity.h"

namespace kith {

inline constexpr std::int64_t kLabelLifeMs = 3'600'000;

std::string blinded_label(const VisibilityKey& key, std::int64_t unix_ms);

// Those by which the device may be called now.
std::vector<std::string> recognised_labels(const VisibilityKey& key, std::int64_t unix_ms);

}  // namespace kith
