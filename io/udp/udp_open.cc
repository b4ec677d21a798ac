#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include "io/base/system_error.h"
#include "io/udp/socket_address.h"
#include "io/udp/udp_socket.h"

namespace kith::io {
namespace {

// A second of scheduling delay at 32 Mbit/s, or 4 ms at 1 GB/s, before datagrams are dropped.
constexpr int kSocketBufferBytes = 4 << 20;

bool set_option(int fd, int level, int option, int value) {
  return ::setsockopt(fd, level, option, &value, sizeof value) == 0;
}

// A process with CAP_NET_ADMIN may exceed net.core.rmem_max and wmem_max; others get at most those.
void enlarge_buffers(int fd) {
  if (!set_option(fd, SOL_SOCKET, SO_RCVBUFFORCE, kSocketBufferBytes)) {
    set_option(fd, SOL_SOCKET, SO_RCVBUF, kSocketBufferBytes);
  }
  if (!set_option(fd, SOL_SOCKET, SO_SNDBUFFORCE, kSocketBufferBytes)) {
    set_option(fd, SOL_SOCKET, SO_SNDBUF, kSocketBufferBytes);
  }
}

// RFC 6762 sections 11 and 15: the hop limit that shows where multicast DNS comes from, and a port
// that other responders of the machine have as well. IPv4 gives a socket only groups it joined.
void share_port(int fd, Address::Family family) {
  constexpr int kHopLimit = 255;
  set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1);
  if (family == Address::Family::ipv4) {
    set_option(fd, IPPROTO_IP, IP_MULTICAST_ALL, 0);
    set_option(fd, IPPROTO_IP, IP_MULTICAST_TTL, kHopLimit);
    set_option(fd, IPPROTO_IP, IP_TTL, kHopLimit);
  } else {
    set_option(fd, IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0);
    set_option(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, kHopLimit);
    set_option(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, kHopLimit);
  }
}

bool enable_packet_info(int fd, Address::Family family) {
  return family == Address::Family::ipv4 ? set_option(fd, IPPROTO_IP, IP_PKTINFO, 1)
                                         : set_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
}

bool enable_ecn(int fd, Address::Family family) {
  return family == Address::Family::ipv4 ? set_option(fd, IPPROTO_IP, IP_RECVTOS, 1)
                                         : set_option(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
}

// PROBE sets "don't fragment" and ignores what the kernel believes of the path's MTU: QUIC finds
// that out by itself (RFC 9000 section 14).
bool enable_dont_fragment(int fd, Address::Family family) {
  return family == Address::Family::ipv4
             ? set_option(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE)
             : set_option(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE);
}

bool has_send_offload(int fd) {
  int segment = 0;
  socklen_t length = sizeof segment;
  return ::getsockopt(fd, SOL_UDP, UDP_SEGMENT, &segment, &length) == 0;
}

Result<Address> bound_address(int fd, const Address& wanted) {
  SocketAddress bound;
  bound.length = sizeof bound.storage;
  if (::getsockname(fd, bound.data(), &bound.length) != 0) {
    return system_failure(errno, "bind", wanted.to_string());
  }
  return from_socket_address(bound.storage);
}

}  // namespace

Result<UdpSocket> UdpSocket::open(const Address& bind, bool shared, const UdpFeatures& allowed) {
  const bool ipv4 = bind.family == Address::Family::ipv4;
  UniqueFd fd(::socket(ipv4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return system_failure(errno, "open a socket for", bind.to_string());
  // Both families can then have the same port, and a peer has one form of address.
  if (!ipv4) set_option(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, 1);
  enlarge_buffers(fd.get());
  if (shared) share_port(fd.get(), bind.family);

  const SocketAddress address = to_socket_address(bind);
  if (::bind(fd.get(), address.data(), address.length) != 0) {
    return system_failure(errno, "listen on", bind.to_string());
  }
  const auto local = bound_address(fd.get(), bind);
  if (!local) return tl::unexpected(local.error());

  UdpSocket socket(std::move(fd), *local, allowed);
  socket.probe_features();
  return socket;
}

namespace {

bool change_membership(int fd, int option, const Address& group, std::uint32_t interface) {
  group_req request{};
  request.gr_interface = interface;
  request.gr_group = to_socket_address(group).storage;
  const int level = group.family == Address::Family::ipv4 ? IPPROTO_IP : IPPROTO_IPV6;
  return ::setsockopt(fd, level, option, &request, sizeof request) == 0;
}

}  // namespace

bool UdpSocket::join(const Address& group, std::uint32_t interface) {
  return change_membership(fd_.get(), MCAST_JOIN_GROUP, group, interface);
}

bool UdpSocket::leave(const Address& group, std::uint32_t interface) {
  return change_membership(fd_.get(), MCAST_LEAVE_GROUP, group, interface);
}

UdpSocket::UdpSocket(UniqueFd fd, Address local, const UdpFeatures& allowed)
    : fd_(std::move(fd)), local_(local), features_(allowed) {}

void UdpSocket::probe_features() {
  const int fd = fd_.get();
  const auto family = local_.family;
  features_.send_offload = features_.send_offload && has_send_offload(fd);
  features_.receive_offload = features_.receive_offload && set_option(fd, SOL_UDP, UDP_GRO, 1);
  features_.packet_info = features_.packet_info && enable_packet_info(fd, family);
  features_.ecn = features_.ecn && enable_ecn(fd, family);
  features_.dont_fragment = features_.dont_fragment && enable_dont_fragment(fd, family);
}

}  // namespace kith::io
