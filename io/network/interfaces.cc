#include "io/network/interfaces.h"

#include <ifaddrs.h>
#include <net/if.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <map>
#include <memory>
#include <optional>

#include "io/udp/socket_address.h"

namespace kith::io {
namespace {

std::optional<Address> address_of(const sockaddr* system) {
  if (system == nullptr) return std::nullopt;
  sockaddr_storage storage{};
  if (system->sa_family == AF_INET) {
    std::memcpy(&storage, system, sizeof(sockaddr_in));
  } else if (system->sa_family == AF_INET6) {
    std::memcpy(&storage, system, sizeof(sockaddr_in6));
  } else {
    return std::nullopt;
  }
  Address address = from_socket_address(storage);
  address.port = 0;
  return address;
}

std::uint8_t prefix_of(const sockaddr* mask) {
  const auto bits = address_of(mask);
  if (!bits) return 0;
  std::uint8_t leading = 0;
  for (const std::byte byte : bits->ip) {
    leading = static_cast<std::uint8_t>(leading + std::popcount(std::to_integer<unsigned>(byte)));
  }
  return leading;
}

}  // namespace

std::vector<NetworkInterface> network_interfaces() {
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return {};
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> owner(list, &freeifaddrs);
  std::map<std::uint32_t, NetworkInterface> found;
  for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
    constexpr unsigned kUp = IFF_UP | IFF_RUNNING;
    if ((entry->ifa_flags & kUp) != kUp || (entry->ifa_flags & IFF_LOOPBACK) != 0) continue;
    const auto address = address_of(entry->ifa_addr);
    const std::uint32_t index = if_nametoindex(entry->ifa_name);
    if (!address || index == 0) continue;
    NetworkInterface& interface = found[index];
    interface.index = index;
    interface.name = entry->ifa_name;
    // A tunnel between two machines has nobody else to be found.
    interface.multicast =
        (entry->ifa_flags & IFF_MULTICAST) != 0 && (entry->ifa_flags & IFF_POINTOPOINT) == 0;
    interface.addresses.push_back({*address, prefix_of(entry->ifa_netmask)});
  }
  std::vector<NetworkInterface> interfaces;
  for (auto& [index, interface] : found) {
    std::sort(interface.addresses.begin(), interface.addresses.end(),
              [](const auto& a, const auto& b) { return a.ip < b.ip; });
    interfaces.push_back(std::move(interface));
  }
  return interfaces;
}

}  // namespace kith::io
