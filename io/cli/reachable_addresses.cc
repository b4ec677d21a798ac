#include "io/cli/reachable_addresses.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>

namespace kith::cli {
namespace {

bool is_loopback(const Address& address) {
  if (address.family == Address::Family::ipv4) return address.ip[0] == std::byte{127};
  std::array<std::byte, 16> one{};
  one.back() = std::byte{1};
  return address.ip == one;
}

std::optional<Address> address_of(const sockaddr* system) {
  if (system == nullptr) return std::nullopt;
  Address address;
  if (system->sa_family == AF_INET) {
    sockaddr_in v4;
    std::memcpy(&v4, system, sizeof v4);
    std::memcpy(address.ip.data(), &v4.sin_addr, sizeof v4.sin_addr);
    return address;
  }
  if (system->sa_family == AF_INET6) {
    sockaddr_in6 v6;
    std::memcpy(&v6, system, sizeof v6);
    if (IN6_IS_ADDR_LINKLOCAL(&v6.sin6_addr)) return std::nullopt;
    address.family = Address::Family::ipv6;
    std::memcpy(address.ip.data(), &v6.sin6_addr, sizeof v6.sin6_addr);
    return address;
  }
  return std::nullopt;
}

}  // namespace

std::vector<Address> reachable_addresses(const std::vector<Address>& bound,
                                         const std::vector<Address>& of_machine) {
  std::vector<Address> reachable, loopback;
  for (const Address& listening : bound) {
    if (!listening.is_unspecified()) {
      reachable.push_back(listening);
      continue;
    }
    for (Address address : of_machine) {
      if (address.family != listening.family) continue;
      address.port = listening.port;
      (is_loopback(address) ? loopback : reachable).push_back(address);
    }
  }
  return reachable.empty() ? loopback : reachable;
}

std::vector<Address> machine_addresses() {
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return {};
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> owner(list, &freeifaddrs);
  std::vector<Address> all;
  for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
    if ((entry->ifa_flags & IFF_UP) == 0) continue;
    if (const auto address = address_of(entry->ifa_addr)) all.push_back(*address);
  }
  return all;
}

}  // namespace kith::cli
