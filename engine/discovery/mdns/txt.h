#pragma once

// The pairs of a TXT record (RFC 6763 section 6).

#include <string>
#include <utility>
#include <vector>

#include "engine/dns/message.h"
#include "kith/result.h"

namespace kith::mdns {

// In order. A key without a value reads as one with an empty value.
using TxtPairs = std::vector<std::pair<std::string, std::string>>;

// Fails where a key is empty or has an '=' or anything but printable ASCII, occurs twice, a pair
// takes over 255 bytes, or all of them over kMaxTxtBytes.
Result<dns::Txt> to_txt(const TxtPairs& pairs);

// What breaks a rule of the section is left out; of several pairs with one key the first counts.
TxtPairs from_txt(const dns::Txt& txt);

}  // namespace kith::mdns
