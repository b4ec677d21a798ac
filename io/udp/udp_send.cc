#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "engine/base/check.h"
#include "io/base/system_error.h"
#include "io/udp/socket_address.h"
#include "io/udp/udp_control.h"
#include "io/udp/udp_socket.h"

namespace kith::io {
namespace {

bool would_block(int error_number) { return error_number == EAGAIN || error_number == EWOULDBLOCK; }

}  // namespace

UdpCounters& UdpCounters::operator+=(const UdpCounters& other) {
  datagrams_sent += other.datagrams_sent;
  bytes_sent += other.bytes_sent;
  send_calls += other.send_calls;
  datagrams_received += other.datagrams_received;
  bytes_received += other.bytes_received;
  receive_calls += other.receive_calls;
  too_big += other.too_big;
  unreachable += other.unreachable;
  refused += other.refused;
  truncated += other.truncated;
  empty += other.empty;
  return *this;
}

UdpSocket::Sent UdpSocket::send(const Transmit& transmit, ByteView bytes) {
  KITH_CHECK(transmit.segment_size > 0);
  if (transmit.remote.family != local_.family) {
    count_refusal(EAFNOSUPPORT, (bytes.size() + transmit.segment_size - 1) / transmit.segment_size);
    return {bytes.size(), false};
  }
  if (!features_.send_offload || bytes.size() <= transmit.segment_size) {
    return send_separately(transmit, bytes);
  }
  switch (send_offloaded(transmit, bytes)) {
    case Offload::sent:
      return {bytes.size(), false};
    case Offload::blocked:
      return {0, true};
    case Offload::refused:
      return send_separately(transmit, bytes);
    case Offload::unsupported:
      break;
  }
  // Drivers without checksum offload, and some tunnels, refuse a train but take its datagrams one
  // by one. Where these fail as well the train was not to blame: the feature stays.
  const std::uint64_t sent_before = counters_.datagrams_sent;
  const Sent sent = send_separately(transmit, bytes);
  if (counters_.datagrams_sent != sent_before) features_.send_offload = false;
  return sent;
}

UdpSocket::Offload UdpSocket::send_offloaded(const Transmit& transmit, ByteView bytes) {
  SocketAddress remote = to_socket_address(transmit.remote);
  iovec vector{const_cast<std::byte*>(bytes.data()), bytes.size()};
  ControlBuffer control;
  msghdr message{};
  message.msg_name = remote.data();
  message.msg_namelen = remote.length;
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  attach_control(message, control, transmit, features_, transmit.segment_size);

  ++counters_.send_calls;
  const ssize_t size = retry_interrupted(
      [&] { return ::sendmsg(fd_.get(), &message, MSG_DONTWAIT | MSG_NOSIGNAL); });
  if (size >= 0) {
    count_sent((bytes.size() + transmit.segment_size - 1) / transmit.segment_size, bytes.size());
    return Offload::sent;
  }
  if (would_block(errno)) return Offload::blocked;
  return errno == EIO || errno == EINVAL || errno == EOPNOTSUPP ? Offload::unsupported
                                                                : Offload::refused;
}

UdpSocket::Sent UdpSocket::send_separately(const Transmit& transmit, ByteView bytes) {
  SocketAddress remote = to_socket_address(transmit.remote);
  ControlBuffer control;
  std::array<iovec, kMaxSendSegments> vectors;
  std::array<mmsghdr, kMaxSendSegments> messages{};

  Sent sent;
  while (sent.bytes < bytes.size()) {
    std::size_t count = 0;
    for (std::size_t at = sent.bytes; at < bytes.size() && count < kMaxSendSegments; ++count) {
      const std::size_t size = std::min(transmit.segment_size, bytes.size() - at);
      vectors[count] = {const_cast<std::byte*>(bytes.data() + at), size};
      msghdr& message = messages[count].msg_hdr;
      message = {};
      message.msg_name = remote.data();
      message.msg_namelen = remote.length;
      message.msg_iov = &vectors[count];
      message.msg_iovlen = 1;
      attach_control(message, control, transmit, features_, 0);
      at += size;
    }
    const int taken = send_messages(std::span(messages.data(), count));
    if (taken < 0) {
      if (would_block(errno)) {
        sent.blocked = true;
        return sent;
      }
      count_refusal(errno, 1);
      sent.bytes += vectors[0].iov_len;
      continue;
    }
    for (std::size_t i = 0; i < static_cast<std::size_t>(taken); ++i) {
      count_sent(1, vectors[i].iov_len);
      sent.bytes += vectors[i].iov_len;
    }
  }
  return sent;
}

// How many messages were sent from the front, at least one, or -1 and errno for the first.
int UdpSocket::send_messages(std::span<mmsghdr> messages) {
  ++counters_.send_calls;
  if (features_.batch_send && messages.size() > 1) {
    const int count = retry_interrupted([&] {
      return ::sendmmsg(fd_.get(), messages.data(), static_cast<unsigned>(messages.size()),
                        MSG_DONTWAIT | MSG_NOSIGNAL);
    });
    if (count >= 0 || errno != ENOSYS) return count;
    features_.batch_send = false;
  }
  const ssize_t size = retry_interrupted(
      [&] { return ::sendmsg(fd_.get(), &messages.front().msg_hdr, MSG_DONTWAIT | MSG_NOSIGNAL); });
  return size < 0 ? -1 : 1;
}

void UdpSocket::count_refusal(int error_number, std::size_t datagrams) {
  switch (error_number) {
    case EMSGSIZE:
      counters_.too_big += datagrams;
      break;
    case ECONNREFUSED:
    case EHOSTUNREACH:
    case ENETUNREACH:
    case EHOSTDOWN:
    case ENETDOWN:
    case EADDRNOTAVAIL:
      counters_.unreachable += datagrams;
      break;
    default:
      counters_.refused += datagrams;
      break;
  }
}

void UdpSocket::count_sent(std::size_t datagrams, std::size_t bytes) {
  counters_.datagrams_sent += datagrams;
  counters_.bytes_sent += bytes;
}

}  // namespace kith::io
