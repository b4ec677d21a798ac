#include "engine/quic/path.h"

#include <cstring>

namespace kith::quic {
namespace {

std::uint16_t network_order(std::uint16_t value) {
  const std::uint8_t bytes[2] = {static_cast<std::uint8_t>(value >> 8),
                                 static_cast<std::uint8_t>(value & 0xff)};
  std::uint16_t out;
  std::memcpy(&out, bytes, sizeof out);
  return out;
}

std::uint16_t host_order(std::uint16_t value) {
  std::uint8_t bytes[2];
  std::memcpy(bytes, &value, sizeof bytes);
  return static_cast<std::uint16_t>(bytes[0] << 8 | bytes[1]);
}

}  // namespace

ngtcp2_sockaddr_union to_sockaddr(const Address& address, ngtcp2_socklen& size) {
  // Zeroed, since ngtcp2 compares and authenticates whole structures.
  ngtcp2_sockaddr_union out;
  std::memset(&out, 0, sizeof out);
  if (address.family == Address::Family::ipv4) {
    out.in.sin_family = NGTCP2_AF_INET;
    out.in.sin_port = network_order(address.port);
    std::memcpy(&out.in.sin_addr, address.ip.data(), 4);
    size = sizeof out.in;
  } else {
    out.in6.sin6_family = NGTCP2_AF_INET6;
    out.in6.sin6_port = network_order(address.port);
    std::memcpy(&out.in6.sin6_addr, address.ip.data(), 16);
    out.in6.sin6_scope_id = address.scope;
    size = sizeof out.in6;
  }
  return out;
}

Address to_address(const ngtcp2_addr& addr) {
  Address out;
  if (addr.addrlen == sizeof(ngtcp2_sockaddr_in6)) {
    ngtcp2_sockaddr_in6 in6;
    std::memcpy(&in6, addr.addr, sizeof in6);
    out.family = Address::Family::ipv6;
    std::memcpy(out.ip.data(), &in6.sin6_addr, 16);
    out.port = host_order(in6.sin6_port);
    out.scope = in6.sin6_scope_id;
  } else if (addr.addrlen == sizeof(ngtcp2_sockaddr_in)) {
    ngtcp2_sockaddr_in in;
    std::memcpy(&in, addr.addr, sizeof in);
    std::memcpy(out.ip.data(), &in.sin_addr, 4);
    out.port = host_order(in.sin_port);
  }
  return out;
}

Path::Path() {
  path_.local.addr = &local_.sa;
  path_.remote.addr = &remote_.sa;
}

Path::Path(SocketId socket, const Address& local, const Address& remote) : Path() {
  local_ = to_sockaddr(local, path_.local.addrlen);
  remote_ = to_sockaddr(remote, path_.remote.addrlen);
  // Only carried, never followed.
  path_.user_data = reinterpret_cast<void*>(static_cast<std::uintptr_t>(socket.value));
}

Path::Path(const Path& other) : Path() { *this = other; }

Path& Path::operator=(const Path& other) {
  local_ = other.local_;
  remote_ = other.remote_;
  path_.local.addrlen = other.path_.local.addrlen;
  path_.remote.addrlen = other.path_.remote.addrlen;
  path_.user_data = other.path_.user_data;
  return *this;
}

// ngtcp2's own comparison wants no empty addresses.
bool operator==(const Path& a, const Path& b) {
  const auto equal = [](const ngtcp2_addr& x, const ngtcp2_addr& y) {
    return x.addrlen == y.addrlen && std::memcmp(x.addr, y.addr, x.addrlen) == 0;
  };
  return a.socket() == b.socket() && equal(a.path_.local, b.path_.local) &&
         equal(a.path_.remote, b.path_.remote);
}

SocketId Path::socket_of(const ngtcp2_path& path) {
  return {static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(path.user_data))};
}

}  // namespace kith::quic
