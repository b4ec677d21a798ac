#pragma once

// Finding other devices: on the same network by multicast DNS, and anywhere by the Mainline DHT.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kith/address.h"
#include "kith/ids.h"

namespace kith {

// What is used to find others and to be found.
struct Discovery {
  bool mdns = false;
  bool dht = false;
  // Where to enter the DHT: "HOST:PORT", names or addresses. Those of the public one if empty.
  std::vector<std::string> bootstrap{};
  // The port of this device's node, which others can reach; any, found out by trying, if 0.
  std::uint16_t dht_port = 0;
  // Interfaces to use, by name; all if empty.
  std::vector<std::string> interfaces{};
  // Tell this device's name to everyone on the LAN, not to paired devices alone.
  bool visible = false;
  // Put the device's addresses into the DHT for everyone to read, not for paired devices alone.
  bool public_addresses = false;
};

// How an address became known.
enum class AddressSource : std::uint8_t { manual, mdns, dht, connection };
// "manual", "mdns", "dht", "connection".
std::string_view to_string(AddressSource source);

// Another device has been found, or found elsewhere than before.
struct DeviceFound {
  std::optional<DeviceId> device;  // absent: one that this device is not paired with
  std::string name;                // printable UTF-8; as it says itself where it is not paired
  AddressSource source = AddressSource::manual;
  std::vector<Address> addresses;  // where, best first; empty: it is there no more
};

}  // namespace kith
