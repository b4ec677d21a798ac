#include "engine/core/socket_table.h"

#include <algorithm>

namespace kith {
namespace {

bool is_loopback(const Address& address) {
  if (address.family == Address::Family::ipv4) return address.ip[0] == std::byte{127};
  Address loopback;
  loopback.ip[15] = std::byte{1};
  return address.ip == loopback.ip;
}

// A socket bound to a loopback address reaches loopback only; one bound to another address cannot
// be told from here to reach anything else than its own kind.
bool can_reach(const Address& local, const Address& remote) {
  if (local.family != remote.family) return false;
  return local.is_unspecified() || is_loopback(local) == is_loopback(remote);
}

}  // namespace

std::optional<SocketId> SocketTable::add(const Address& bind, std::optional<RequestId> request,
                                         bool quic) {
  if (sockets_.size() >= kMaxSockets) return std::nullopt;
  const SocketId id{++last_id_};
  sockets_.emplace(id, Socket{bind, request, false, quic});
  return id;
}

const SocketTable::Socket* SocketTable::find(SocketId id) const {
  const auto found = sockets_.find(id);
  return found == sockets_.end() ? nullptr : &found->second;
}

void SocketTable::opened(SocketId id, const Address& local) {
  Socket& socket = sockets_.at(id);
  socket.local = local;
  socket.open = true;
  ++version_;
}

void SocketTable::erase(SocketId id) {
  if (sockets_.erase(id) > 0) ++version_;
}

std::optional<SocketId> SocketTable::find_for(const Address& remote) const {
  std::optional<SocketId> suitable;
  for (const auto& [id, socket] : sockets_) {
    if (!socket.quic || !can_reach(socket.local, remote)) continue;
    if (socket.local.is_unspecified()) return id;
    if (!suitable) suitable = id;
  }
  return suitable;
}

std::vector<SocketId> SocketTable::of_request(RequestId request) const {
  std::vector<SocketId> ids;
  for (const auto& [id, socket] : sockets_) {
    if (socket.request == request) ids.push_back(id);
  }
  return ids;
}

std::vector<Address> SocketTable::listening() const {
  std::vector<Address> addresses;
  for (const auto& [id, socket] : sockets_) {
    if (socket.request && socket.open) addresses.push_back(socket.local);
  }
  return addresses;
}

bool SocketTable::any_listening() const {
  return std::any_of(sockets_.begin(), sockets_.end(),
                     [](const auto& entry) { return entry.second.request.has_value(); });
}

}  // namespace kith
