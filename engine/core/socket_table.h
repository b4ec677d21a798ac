#pragma once

// The UDP sockets of one engine: those an application listens on, and those opened because
// something must be sent and no other socket can send it.

#include <map>
#include <optional>
#include <vector>

#include "kith/address.h"
#include "kith/command.h"
#include "kith/ids.h"

namespace kith {

class SocketTable {
 public:
  // Each costs a descriptor and a receive buffer.
  static constexpr std::size_t kMaxSockets = 64;

  struct Socket {
    Address local;                     // as asked for, then as opened
    std::optional<RequestId> request;  // absent: opened to send from
    bool open = false;
    bool quic = true;  // otherwise discovery's own
  };

  // Empty when kMaxSockets exist.
  std::optional<SocketId> add(const Address& bind, std::optional<RequestId> request,
                              bool quic = true);

  // Nothing if there is none.
  const Socket* find(SocketId id) const;
  // It exists.
  void opened(SocketId id, const Address& local);
  void erase(SocketId id);

  // Changes with what listening() gives.
  std::uint64_t version() const { return version_; }

  // A QUIC socket that can send to `remote`, open or opening: one bound to any address before one
  // bound to an address of the right kind.
  std::optional<SocketId> find_for(const Address& remote) const;

  std::vector<SocketId> of_request(RequestId request) const;
  bool any_listening() const;
  // Where they listen that are open.
  std::vector<Address> listening() const;

  const std::map<SocketId, Socket>& all() const { return sockets_; }

 private:
  std::map<SocketId, Socket> sockets_;
  std::uint64_t last_id_ = 0;
  std::uint64_t version_ = 0;
};

}  // namespace kith
