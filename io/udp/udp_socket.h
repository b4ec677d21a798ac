#pragma once

// A non-blocking UDP socket that moves datagrams in batches, with the fastest calls the system
// offers. It waits for nothing: its owner learns readiness from the io_context and calls again.

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "io/base/unique_fd.h"
#include "io/udp/udp_features.h"
#include "kith/address.h"
#include "kith/bytes.h"
#include "kith/input.h"
#include "kith/output.h"
#include "kith/result.h"

namespace kith::io {

// The most segments of one send that every kernel with UDP_SEGMENT takes (UDP_MAX_SEGMENTS of Linux
// before 6.9; later 128).
inline constexpr std::size_t kMaxSendSegments = 64;

// The largest UDP payload of an IPv4 datagram, which also bounds a train of segments.
inline constexpr std::size_t kMaxUdpPayloadBytes = 65507;

// Where received bytes lie until the next receive. Sockets of one driver share one: it takes 4 MiB
// of address space, of which only what datagrams fill is ever touched.
class ReceiveBuffer {
 public:
  ReceiveBuffer();
  ~ReceiveBuffer();
  ReceiveBuffer(const ReceiveBuffer&) = delete;
  ReceiveBuffer& operator=(const ReceiveBuffer&) = delete;

 private:
  friend class UdpSocket;
  struct Slots;
  std::unique_ptr<Slots> slots_;
};

class UdpSocket {
 public:
  // Binds to `bind`; an IPv6 socket takes no IPv4 traffic. Errors: already_exists (the port is
  // taken), permission_denied, invalid_argument (no such address or family here), limit_exceeded.
  // A `shared` port may be bound by other sockets as well; what is sent to a group comes to all.
  static Result<UdpSocket> open(const Address& bind, bool shared = false,
                                const UdpFeatures& allowed = {});

  // From now on, or no more, takes what is sent to a group on an interface. What is sent to a group
  // stays on the link and is heard on this machine as well. False if the system refuses.
  bool join(const Address& group, std::uint32_t interface);
  bool leave(const Address& group, std::uint32_t interface);

  struct Received {
    // Datagrams in order, grouped where peer, marks and size allow. `socket` is left to the caller.
    // Valid until `buffer` is used again.
    std::span<DatagramsReceived> batches;
    bool drained = false;  // nothing was left behind when the call was made
  };
  // One bounded batch. io_error when the socket is unusable.
  Result<Received> receive(ReceiveBuffer& buffer);

  struct Sent {
    std::size_t bytes = 0;  // taken or given up, from the front
    bool blocked = false;   // the rest waits until the socket is writable
  };
  // Sends what `transmit` describes. A datagram the system refuses counts as lost.
  Sent send(const Transmit& transmit, ByteView bytes);

  int native_handle() const { return fd_.get(); }
  const Address& local() const { return local_; }
  const UdpFeatures& features() const { return features_; }
  const UdpCounters& counters() const { return counters_; }

 private:
  UdpSocket(UniqueFd fd, Address local, const UdpFeatures& allowed);

  void probe_features();
  int receive_messages(ReceiveBuffer::Slots& slots);
  void add_message(ReceiveBuffer::Slots& slots, std::size_t index);

  enum class Offload { sent, blocked, refused, unsupported };
  Offload send_offloaded(const Transmit& transmit, ByteView bytes);
  Sent send_separately(const Transmit& transmit, ByteView bytes);
  int send_messages(std::span<mmsghdr> messages);
  void count_refusal(int error_number, std::size_t datagrams);
  void count_sent(std::size_t datagrams, std::size_t bytes);

  UniqueFd fd_;
  Address local_;
  UdpFeatures features_;
  UdpCounters counters_;
};

}  // namespace kith::io
