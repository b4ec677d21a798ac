#pragma once

// What a UDP socket uses of its system. Each feature is tried when a socket opens, or at its first
// use where only that can tell, and is given up without loss when the system refuses it. Tests
// switch features off to run what remains.

#include <cstdint>

namespace kith::io {

struct UdpFeatures {
  bool send_offload = true;     // UDP_SEGMENT: one call sends up to 64 equal datagrams (GSO)
  bool receive_offload = true;  // UDP_GRO: one call receives a run of equal datagrams
  bool batch_send = true;       // sendmmsg
  bool batch_receive = true;    // recvmmsg
  bool packet_info = true;      // the local address and interface of each datagram
  bool ecn = true;              // congestion marks in both directions
  bool dont_fragment = true;    // oversized datagrams fail instead of being cut

  friend bool operator==(const UdpFeatures&, const UdpFeatures&) = default;
};

struct UdpCounters {
  std::uint64_t datagrams_sent = 0;
  std::uint64_t bytes_sent = 0;
  std::uint64_t send_calls = 0;
  std::uint64_t datagrams_received = 0;
  std::uint64_t bytes_received = 0;
  std::uint64_t receive_calls = 0;
  // Datagrams the system did not take, by reason. All are losses to QUIC, none ends the socket.
  std::uint64_t too_big = 0;      // normal during MTU discovery
  std::uint64_t unreachable = 0;  // no route, or an ICMP error came back for this peer
  std::uint64_t refused = 0;      // anything else
  // Datagrams received and dropped here.
  std::uint64_t truncated = 0;
  std::uint64_t empty = 0;

  UdpCounters& operator+=(const UdpCounters& other);
};

}  // namespace kith::io
