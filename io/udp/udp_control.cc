#include "io/udp/udp_control.h"

#include <netinet/in.h>
#include <netinet/udp.h>

#include <cstring>

#include "engine/base/check.h"
#include "io/udp/socket_address.h"

namespace kith::io {
namespace {

// Appends one item after another to the control buffer of a message.
class ControlWriter {
 public:
  ControlWriter(msghdr& message, ControlBuffer& buffer) : message_(message) {
    message_.msg_control = buffer.bytes;
    message_.msg_controllen = 0;
  }

  template <class T>
  void add(int level, int type, const T& value) {
    KITH_CHECK(message_.msg_controllen + CMSG_SPACE(sizeof value) <= kControlBytes);
    cmsghdr header{};
    header.cmsg_level = level;
    header.cmsg_type = type;
    header.cmsg_len = CMSG_LEN(sizeof value);
    auto* at = static_cast<std::byte*>(message_.msg_control) + message_.msg_controllen;
    std::memset(at, 0, CMSG_SPACE(sizeof value));
    std::memcpy(at, &header, sizeof header);
    std::memcpy(at + CMSG_LEN(0), &value, sizeof value);
    message_.msg_controllen += CMSG_SPACE(sizeof value);
  }

 private:
  msghdr& message_;
};

void add_packet_info(ControlWriter& control, const Transmit& transmit) {
  if (transmit.remote.family == Address::Family::ipv4) {
    in_pktinfo info{};
    info.ipi_ifindex = static_cast<int>(transmit.interface);
    std::memcpy(&info.ipi_spec_dst, transmit.source.ip.data(), sizeof info.ipi_spec_dst);
    control.add(IPPROTO_IP, IP_PKTINFO, info);
  } else {
    in6_pktinfo info{};
    info.ipi6_ifindex = transmit.interface;
    std::memcpy(&info.ipi6_addr, transmit.source.ip.data(), sizeof info.ipi6_addr);
    control.add(IPPROTO_IPV6, IPV6_PKTINFO, info);
  }
}

template <class T>
T value_of(const cmsghdr& header) {
  T value;
  std::memcpy(&value, CMSG_DATA(&header), sizeof value);
  return value;
}

// The two lowest bits of the traffic class: RFC 3168 section 5.
Ecn ecn_of(unsigned traffic_class) { return static_cast<Ecn>(traffic_class & 3u); }

void read_ip_item(const cmsghdr& header, ReceivedControl& result) {
  if (header.cmsg_type == IP_PKTINFO) {
    const auto info = value_of<in_pktinfo>(header);
    result.local = from_ipv4(info.ipi_addr, 0);
    result.interface = static_cast<std::uint32_t>(info.ipi_ifindex);
  } else if (header.cmsg_type == IP_TOS) {
    result.ecn = ecn_of(value_of<std::uint8_t>(header));
  }
}

void read_ipv6_item(const cmsghdr& header, ReceivedControl& result) {
  if (header.cmsg_type == IPV6_PKTINFO) {
    const auto info = value_of<in6_pktinfo>(header);
    result.local = from_ipv6(info.ipi6_addr, 0, info.ipi6_ifindex);
    result.interface = info.ipi6_ifindex;
  } else if (header.cmsg_type == IPV6_TCLASS) {
    result.ecn = ecn_of(static_cast<unsigned>(value_of<int>(header)));
  }
}

}  // namespace

void attach_control(msghdr& message, ControlBuffer& buffer, const Transmit& transmit,
                    const UdpFeatures& features, std::size_t segment_size) {
  ControlWriter control(message, buffer);
  const bool chooses_source = !transmit.source.is_unspecified() || transmit.interface != 0;
  if (features.packet_info && chooses_source &&
      (transmit.source.family == transmit.remote.family || transmit.source.is_unspecified())) {
    add_packet_info(control, transmit);
  }
  if (features.ecn && transmit.ecn != Ecn::not_ect) {
    const int traffic_class = static_cast<int>(transmit.ecn);
    if (transmit.remote.family == Address::Family::ipv4) {
      control.add(IPPROTO_IP, IP_TOS, traffic_class);
    } else {
      control.add(IPPROTO_IPV6, IPV6_TCLASS, traffic_class);
    }
  }
  if (segment_size != 0) {
    control.add(SOL_UDP, UDP_SEGMENT, static_cast<std::uint16_t>(segment_size));
  }
}

ReceivedControl read_control(const msghdr& message, Address::Family family) {
  ReceivedControl result;
  result.local.family = family;
  // CMSG_NXTHDR is written for a mutable message; it changes nothing.
  auto* mutable_message = const_cast<msghdr*>(&message);
  for (cmsghdr* header = CMSG_FIRSTHDR(mutable_message); header != nullptr;
       header = CMSG_NXTHDR(mutable_message, header)) {
    if (header->cmsg_level == IPPROTO_IP) {
      read_ip_item(*header, result);
    } else if (header->cmsg_level == IPPROTO_IPV6) {
      read_ipv6_item(*header, result);
    } else if (header->cmsg_level == SOL_UDP && header->cmsg_type == UDP_GRO) {
      result.stride = static_cast<std::size_t>(value_of<int>(*header));
    }
  }
  return result;
}

}  // namespace kith::io
