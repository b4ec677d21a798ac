#include "engine/dns/malformed.h"

#include <array>

namespace kith::dns {

std::string_view to_string(Malformed reason) {
  constexpr std::array<std::string_view, kMalformedReasons> kNames{
      "cut short",           "empty label",        "label too long",       "reserved label type",
      "name too long",       "bad escape",         "pointer not backward", "too many pointers",
      "too many name bytes", "too many questions", "too many records",     "too many types",
      "record length",       "bad type bitmap",    "trailing bytes"};
  return kNames[static_cast<std::size_t>(reason)];
}

}  // namespace kith::dns
