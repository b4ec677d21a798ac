#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "io/base/system_error.h"
#include "io/udp/socket_address.h"
#include "io/udp/udp_control.h"
#include "io/udp/udp_socket.h"

namespace kith::io {
namespace {

// Larger than any UDP datagram and any run that UDP_GRO joins.
constexpr std::size_t kSlotBytes = 65536;
constexpr std::size_t kMaxSlots = 64;
// With UDP_GRO one slot may hold 64 KiB: 16 of them stay within a processor's second-level cache.
constexpr std::size_t kOffloadSlots = 16;

// ICMP errors of earlier sends and passing shortages; the socket itself is well.
bool is_passing(int error_number) {
  switch (error_number) {
    case ECONNREFUSED:
    case EHOSTUNREACH:
    case ENETUNREACH:
    case EHOSTDOWN:
    case ENETDOWN:
    case EMSGSIZE:
    case EPROTO:
    case ENOBUFS:
    case ENOMEM:
      return true;
    default:
      return false;
  }
}

bool continues(const DatagramsReceived& run, const DatagramsReceived& next) {
  return run.bytes.size() % run.stride == 0 && next.bytes.size() == next.stride &&
         next.stride <= run.stride && run.remote == next.remote && run.local == next.local &&
         run.interface == next.interface && run.ecn == next.ecn;
}

}  // namespace

struct ReceiveBuffer::Slots {
  Slots() : bytes(new std::byte[kSlotBytes * kMaxSlots]) {}

  std::byte* slot(std::size_t index) { return bytes.get() + index * kSlotBytes; }

  // Points every header at its slot again; the last call left lengths and flags in them.
  void prepare(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      vectors[i] = {slot(i), kSlotBytes};
      msghdr& header = messages[i].msg_hdr;
      header.msg_name = &names[i];
      header.msg_namelen = sizeof names[i];
      header.msg_iov = &vectors[i];
      header.msg_iovlen = 1;
      header.msg_control = controls[i].bytes;
      header.msg_controllen = kControlBytes;
      header.msg_flags = 0;
    }
  }

  std::unique_ptr<std::byte[]> bytes;
  std::array<mmsghdr, kMaxSlots> messages{};
  std::array<iovec, kMaxSlots> vectors{};
  std::array<sockaddr_storage, kMaxSlots> names{};
  std::array<ControlBuffer, kMaxSlots> controls;
  std::array<DatagramsReceived, kMaxSlots> batches;
  std::size_t batch_count = 0;
};

ReceiveBuffer::ReceiveBuffer() : slots_(std::make_unique<Slots>()) {}
ReceiveBuffer::~ReceiveBuffer() = default;

Result<UdpSocket::Received> UdpSocket::receive(ReceiveBuffer& buffer) {
  ReceiveBuffer::Slots& slots = *buffer.slots_;
  slots.batch_count = 0;
  const std::size_t limit = !features_.batch_receive    ? 1
                            : features_.receive_offload ? kOffloadSlots
                                                        : kMaxSlots;
  slots.prepare(limit);
  const int count = receive_messages(slots);
  if (count < 0) {
    if (errno == EAGAIN || errno == EWOULDBLOCK) return Received{{}, true};
    if (is_passing(errno)) return Received{{}, false};
    return system_failure(errno, "receive on", local_.to_string());
  }
  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) add_message(slots, i);
  // A short batch means that the queue was empty: asking again would only cost a call.
  const bool drained = features_.batch_receive && static_cast<std::size_t>(count) < limit;
  return Received{std::span(slots.batches.data(), slots.batch_count), drained};
}

// How many messages were received, or -1 and errno.
int UdpSocket::receive_messages(ReceiveBuffer::Slots& slots) {
  ++counters_.receive_calls;
  if (features_.batch_receive) {
    const auto limit = static_cast<unsigned>(features_.receive_offload ? kOffloadSlots : kMaxSlots);
    const int count = retry_interrupted(
        [&] { return ::recvmmsg(fd_.get(), slots.messages.data(), limit, MSG_DONTWAIT, nullptr); });
    if (count >= 0 || errno != ENOSYS) return count;
    features_.batch_receive = false;
  }
  mmsghdr& message = slots.messages.front();
  const ssize_t size =
      retry_interrupted([&] { return ::recvmsg(fd_.get(), &message.msg_hdr, MSG_DONTWAIT); });
  if (size < 0) return -1;
  message.msg_len = static_cast<unsigned>(size);
  return 1;
}

// Turns message `index` into a batch, or lengthens the last batch by it. Runs that the kernel did
// not join are joined here by moving bytes, which costs less than another pass through the engine.
void UdpSocket::add_message(ReceiveBuffer::Slots& slots, std::size_t index) {
  const mmsghdr& message = slots.messages[index];
  const std::size_t size = message.msg_len;
  if (size == 0) {
    ++counters_.empty;
    return;
  }
  if ((message.msg_hdr.msg_flags & MSG_TRUNC) != 0) {
    ++counters_.truncated;
    return;
  }
  const ReceivedControl control = read_control(message.msg_hdr, local_.family);
  DatagramsReceived batch;
  batch.remote = from_socket_address(slots.names[index]);
  batch.local = control.local;
  batch.local.port = local_.port;
  batch.interface = control.interface;
  batch.ecn = control.ecn;
  batch.stride = control.stride != 0 ? std::min(control.stride, size) : size;
  batch.bytes = ByteView(slots.slot(index), size);
  counters_.datagrams_received += (size + batch.stride - 1) / batch.stride;
  counters_.bytes_received += size;

  if (slots.batch_count > 0) {
    DatagramsReceived& run = slots.batches[slots.batch_count - 1];
    if (continues(run, batch)) {
      auto* end = const_cast<std::byte*>(run.bytes.data() + run.bytes.size());
      std::memmove(end, batch.bytes.data(), size);
      run.bytes = ByteView(run.bytes.data(), run.bytes.size() + size);
      return;
    }
  }
  slots.batches[slots.batch_count++] = batch;
}

}  // namespace kith::io
