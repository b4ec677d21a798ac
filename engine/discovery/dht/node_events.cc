#include "engine/discovery/dht/node_events.h"

namespace kith::dht {

std::string_view to_string(Drop reason) {
  constexpr std::array<std::string_view, kDrops> kNames{
      "bad source", "bad bencode", "bad message", "unexpected answer", "wrong id",   "bad value",
      "hidden",     "host rate",   "total rate",  "reply budget",      "calls full", "queue full"};
  return kNames[static_cast<std::size_t>(reason)];
}

}  // namespace kith::dht
