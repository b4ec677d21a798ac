#pragma once

// Where devices may be reached: what everybody says about it, ranked, bounded and forgotten in
// time.
//
//   manual, mdns, dht, connection --> learn --> best(): one of each source in turn, latest first
//
// Every source has places of its own, so that a dozen dead or hostile addresses of one never bury
// the good one of another. It does not own: who is dialled, and whether an address is a lie: who is
// reached there proves himself.

#include <array>
#include <cstddef>
#include <map>
#include <optional>
#include <vector>

#include "kith/address.h"
#include "kith/discovery.h"
#include "kith/ids.h"
#include "kith/time.h"

namespace kith {

inline constexpr std::size_t kAddressSources = 4;

class AddressBook {
 public:
  // Of one source for one device; the latest are kept.
  static constexpr std::size_t kMostOfASource = 8;
  // Devices that are known or looked for; the one told of longest ago makes room.
  static constexpr std::size_t kMostDevices = 2048;
  // How long what a source said is worth a try. People and connections are believed until they say
  // something else; others say how long.
  static constexpr Duration kForEver = Duration::max();

  // What a source says now takes the place of all it said before about the device; nothing ends it.
  // Whether anything is there that was not.
  bool learn(Instant now, const DeviceId& device, AddressSource source,
             const std::vector<Address>& addresses, Duration life = kForEver);
  // One more that a source knows, as its latest.
  void add(Instant now, const DeviceId& device, AddressSource source, const Address& address);
  void forget(const DeviceId& device);

  // At most `most`, best first: of what worked last, the person, the LAN and the DHT one each in
  // turn.
  std::vector<Address> best(Instant now, const DeviceId& device, std::size_t most) const;
  std::vector<Address> of(Instant now, const DeviceId& device, AddressSource source) const;

  std::size_t size() const { return devices_.size(); }

 private:
  struct Told {
    std::vector<Address> addresses;  // best first
    Instant until = Instant::never();
  };
  struct Device {
    std::array<Told, kAddressSources> by_source;
    Instant told_at;
  };

  Device& entry(Instant now, const DeviceId& device);

  std::map<DeviceId, Device> devices_;
};

}  // namespace kith
