#pragma once

// What adversaries do, as scenarios say it (schemas/scenario.md).

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "kith/time.h"
#include "sim/world/observer.h"
#include "sim/world/topology.h"

namespace kith::sim {

// What is sent under the address of another.
enum class Forgery : std::uint8_t {
  random,               // bytes of any kind
  replayed,             // a datagram that was overheard
  version_negotiation,  // with the connection ids that were overheard
  stateless_reset,      // with the connection id, and a token that is guessed
  initial,              // a handshake that begins, as if its address began it
};
inline constexpr std::size_t kForgeries = 5;

// spoofer.h
struct SpooferSpec {
  std::optional<SiteId> site;  // in the internet if none
  Duration lasting{};
  Duration every{};
  std::vector<Forgery> sends;  // one at least
};

// What is told to a LAN by multicast DNS.
enum class Lie : std::uint8_t {
  answer,    // another address of somebody
  goodbye,   // somebody is gone
  conflict,  // a name that somebody wants is taken
  flood,     // instances and hosts that nobody has
};
inline constexpr std::size_t kLies = 4;

// lan_liar.h
struct LanLiarSpec {
  SiteId site = 0;
  Duration lasting{};
  Duration every{};
  std::vector<Lie> tells;  // one at least
  bool impostor = false;   // answers lead to it, and it takes part in handshakes; else to nobody
};

// stale_records.h
struct StaleRecordsSpec {
  std::optional<SiteId> site;  // multicast DNS there; items of the DHT in the internet if none
  Duration listening{};        // that long it only collects
  Duration lasting{};          // then it repeats what it has
  Duration every{};            // on a LAN
};

// port_grabber.h
struct PortGrabberSpec {
  SiteId site = 0;
  Duration lasting{};
  Duration every{};
};

// What sybils do about the item that they stand around.
enum class SybilManner : std::uint8_t {
  silent,  // answers neither get nor put
  deny,    // knows nothing of it, and refuses what is put
  drop,    // knows nothing of it, and says that it stores what is put
  replay,  // gives out the first version it was given, whatever came later
  forge,   // gives out a later version, with a signature that it made up
};
inline constexpr std::size_t kSybilManners = 5;

// sybil.h
struct DhtSybilsSpec {
  std::optional<DeviceIndex> device;  // around what it publishes; if none, around nobody's place
  std::size_t count = 0;
  Duration lasting{};
  std::vector<SybilManner> manners;  // one at least
};

}  // namespace kith::sim
