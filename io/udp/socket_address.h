#pragma once

// Addresses as the socket calls want them.

#include <netinet/in.h>
#include <sys/socket.h>

#include "kith/address.h"

namespace kith::io {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;

  sockaddr* data() { return reinterpret_cast<sockaddr*>(&storage); }
  const sockaddr* data() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

SocketAddress to_socket_address(const Address& address);

// The scope is kept for link-local addresses only, so that equal peers compare equal.
Address from_socket_address(const sockaddr_storage& storage);

Address from_ipv4(const in_addr& ip, std::uint16_t port);
Address from_ipv6(const in6_addr& ip, std::uint16_t port, std::uint32_t scope);

}  // namespace kith::io
