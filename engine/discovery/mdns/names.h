#pragma once

// The names of this service (RFC 6763 sections 4 and 9), and the next one to try.

#include <string>
#include <string_view>

#include "engine/dns/name.h"

namespace kith::mdns {

struct Names {
  dns::Name service = dns::Name::of("_kith._udp.local");
  dns::Name enumeration = dns::Name::of("_services._dns-sd._udp.local");
  dns::Name local = dns::Name::of("local");

  // Whether it is one label below the service.
  bool is_instance(const dns::Name& name) const;
};

// "name" -> "name (2)" -> "name (3)", and for hosts "name" -> "name-2" (RFC 6762 section 9): at
// most 63 bytes, cut where a character of UTF-8 ends.
std::string next_instance_label(std::string_view label);
std::string next_host_label(std::string_view label);

}  // namespace kith::mdns
