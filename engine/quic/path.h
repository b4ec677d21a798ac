#pragma once

// A network path as ngtcp2 names it: two socket addresses, and with them the socket.

#include <ngtcp2/ngtcp2.h>

#include "kith/address.h"
#include "kith/ids.h"

namespace kith::quic {

ngtcp2_sockaddr_union to_sockaddr(const Address& address, ngtcp2_socklen& size);
Address to_address(const ngtcp2_addr& addr);

// Owns what a ngtcp2_path points to. ngtcp2 keeps the socket as the path's user data and returns it
// with every packet to be sent on that path.
class Path {
 public:
  Path();  // empty, for ngtcp2 to write into
  Path(SocketId socket, const Address& local, const Address& remote);
  Path(const Path& other);
  Path& operator=(const Path& other);

  const ngtcp2_path* get() const { return &path_; }
  ngtcp2_path* get() { return &path_; }

  SocketId socket() const { return socket_of(path_); }
  Address local() const { return to_address(path_.local); }
  Address remote() const { return to_address(path_.remote); }

  static SocketId socket_of(const ngtcp2_path& path);

  friend bool operator==(const Path& a, const Path& b);

 private:
  ngtcp2_sockaddr_union local_{};
  ngtcp2_sockaddr_union remote_{};
  ngtcp2_path path_{};
};

}  // namespace kith::quic
