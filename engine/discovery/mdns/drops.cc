#include "engine/discovery/mdns/drops.h"

namespace kith::mdns {

std::string_view to_string(Drop reason) {
  constexpr std::array<std::string_view, kDropReasons> kNames{
      "unknown interface", "off link",        "own echo",           "too large",
      "malformed",         "not mdns",        "response from port", "not wanted",
      "source quota",      "interface quota", "unicast answers",    "transmits",
      "conflict events",   "interfaces"};
  return kNames[static_cast<std::size_t>(reason)];
}

}  // namespace kith::mdns
