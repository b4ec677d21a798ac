#pragma once

// Ancillary data of UDP messages: what accompanies a datagram beside its bytes and peer.

#include <sys/socket.h>

#include <cstddef>
#include <cstdint>

#include "io/udp/udp_features.h"
#include "kith/address.h"
#include "kith/output.h"

namespace kith::io {

// Room for packet information of either family, a traffic class and a segment size.
inline constexpr std::size_t kControlBytes = 128;

struct alignas(cmsghdr) ControlBuffer {
  std::byte bytes[kControlBytes];
};

// Writes into `buffer` what `transmit` asks for of `features`, and attaches it to `message`. A
// `segment_size` of 0 asks for no segmentation.
void attach_control(msghdr& message, ControlBuffer& buffer, const Transmit& transmit,
                    const UdpFeatures& features, std::size_t segment_size);

struct ReceivedControl {
  Address local;  // port 0; the ip is unspecified if the system did not tell
  std::uint32_t interface = 0;
  Ecn ecn = Ecn::not_ect;
  std::size_t stride = 0;  // 0: the message is one datagram
};

ReceivedControl read_control(const msghdr& message, Address::Family family);

}  // namespace kith::io
