#include "io/udp/socket_address.h"

#include <arpa/inet.h>

#include <cstring>

namespace kith::io {

SocketAddress to_socket_address(const Address& address) {
  SocketAddress result;
  if (address.family == Address::Family::ipv4) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(address.port);
    std::memcpy(&v4.sin_addr, address.ip.data(), sizeof v4.sin_addr);
    std::memcpy(&result.storage, &v4, sizeof v4);
    result.length = sizeof v4;
  } else {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(address.port);
    v6.sin6_scope_id = address.scope;
    std::memcpy(&v6.sin6_addr, address.ip.data(), sizeof v6.sin6_addr);
    std::memcpy(&result.storage, &v6, sizeof v6);
    result.length = sizeof v6;
  }
  return result;
}

Address from_socket_address(const sockaddr_storage& storage) {
  if (storage.ss_family == AF_INET) {
    sockaddr_in v4;
    std::memcpy(&v4, &storage, sizeof v4);
    return from_ipv4(v4.sin_addr, ntohs(v4.sin_port));
  }
  sockaddr_in6 v6;
  std::memcpy(&v6, &storage, sizeof v6);
  return from_ipv6(v6.sin6_addr, ntohs(v6.sin6_port), v6.sin6_scope_id);
}

Address from_ipv4(const in_addr& ip, std::uint16_t port) {
  Address address{.family = Address::Family::ipv4, .port = port};
  std::memcpy(address.ip.data(), &ip, sizeof ip);
  return address;
}

Address from_ipv6(const in6_addr& ip, std::uint16_t port, std::uint32_t scope) {
  Address address{.family = Address::Family::ipv6, .port = port};
  std::memcpy(address.ip.data(), &ip, sizeof ip);
  if (IN6_IS_ADDR_LINKLOCAL(&ip)) address.scope = scope;
  return address;
}

}  // namespace kith::io
