// How fast two endpoints move bytes: in memory, both in one thread, which shows what the code
// costs; or over loopback sockets between two processes, which shows what a person gets.
//
//   quic_throughput memory|loopback [MiB] [largest UDP payload] [cubic|bbr]
//
// Not a test: it prints numbers and judges nothing.

#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "engine/base/check.h"
#include "engine/quic/endpoint.h"
#include "tests/quic/pair.h"

namespace kith::quic::testing {
namespace {

constexpr std::size_t kPieceBytes = 1 << 20;
constexpr std::size_t kBufferBytes = 65'536;

Instant wall() {
  const auto since = std::chrono::steady_clock::now().time_since_epoch();
  return {std::chrono::duration_cast<std::chrono::nanoseconds>(since).count()};
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

struct Task {
  std::size_t bytes = 1024ull << 20;
  EndpointConfig config;
};

// Keeps up to two pieces queued on one stream, and notes what the receiver has taken.
class Sender {
 public:
  Sender(Host& host, std::size_t bytes) : host_(host), left_(bytes), piece_(pattern(kPieceBytes)) {}

  void start(ConnectionId connection) {
    connection_ = connection;
    host_.endpoint.open_stream(connection, StreamKind::unidirectional, 0);
  }
  void pump() {
    while (auto event = host_.endpoint.poll_event()) {
      if (const auto* ready = std::get_if<StreamReady>(&*event)) {
        stream_ = ready->stream;
        for (int i = 0; i < 3; ++i) feed();
      } else if (std::holds_alternative<StreamWritable>(*event)) {
        feed();
        feed();
      } else if (const auto* closed = std::get_if<Closed>(&*event)) {
        std::printf("sender closed: %s\n", closed->reason.text.c_str());
        over = true;
      } else if (std::holds_alternative<Connected>(*event)) {
        connected = true;
      }
    }
  }
  bool connected = false;
  bool over = false;

 private:
  void feed() {
    if (left_ == 0) return;
    const std::size_t size = std::min(left_, kPieceBytes);
    left_ -= size;
    host_.endpoint.write(connection_, stream_, piece_.slice(0, size), left_ == 0);
  }

  Host& host_;
  std::size_t left_;
  SharedBytes piece_;
  ConnectionId connection_;
  StreamId stream_;
};

// Counts what arrives.
void receive(Host& host, std::size_t& received, bool& done) {
  while (auto event = host.endpoint.poll_event()) {
    const auto* readable = std::get_if<StreamReadable>(&*event);
    if (readable == nullptr) continue;
    const auto taken = host.endpoint.take(readable->connection, readable->stream);
    received += taken.bytes.size();
    done = done || taken.fin;
    host.endpoint.credit(readable->connection, readable->stream, taken.bytes.size());
  }
}

void run_in_memory(const Task& task) {
  Pair::Options options;
  options.client = options.server = task.config;
  Pair pair(options);
  pair.now = wall();
  Sender sender(pair.client, task.bytes);
  sender.start(pair.connect(pair.hello()));
  Bytes buffer(kBufferBytes);
  std::size_t received = 0;
  std::size_t packets = 0;
  bool done = false;
  const Instant begun = wall();
  const double cpu = cpu_seconds();
  const auto move = [&](Host& from, Host& to) {
    bool moved = false;
    while (const auto transmit = from.endpoint.poll_datagrams(wall(), from.socket, buffer, 64)) {
      DatagramsReceived batch;
      batch.socket = to.socket;
      batch.local = to.address;
      batch.remote = from.address;
      batch.ecn = transmit->ecn;
      batch.stride = transmit->segment_size;
      batch.bytes = ByteView(buffer).first(transmit->size);
      to.endpoint.handle_datagrams(wall(), batch);
      packets += (transmit->size + transmit->segment_size - 1) / transmit->segment_size;
      moved = true;
    }
    return moved;
  };
  std::size_t idle = 0;
  while (!done) {
    sender.pump();
    bool moved = move(pair.client, pair.server);
    receive(pair.server, received, done);
    moved = move(pair.server, pair.client) || moved;
    if (moved) continue;
    ++idle;
    for (Host* host : {&pair.client, &pair.server}) {
      const auto wakeup = host->endpoint.next_wakeup();
      if (wakeup && wakeup->at <= wall()) host->endpoint.handle_timeout(wall());
    }
  }
  const double seconds = static_cast<double>((wall() - begun).count()) * 1e-9;
  const auto stats = pair.client.endpoint.stats(pair.client.last<Connected>() == nullptr
                                                    ? ConnectionId{1}
                                                    : pair.client.last<Connected>()->connection);
  std::printf(
      "memory   %6.0f MB/s  %5.0f ns CPU per packet (both sides)  mtu %zu  packets %zu  "
      "lost %llu  idle turns %zu\n",
      static_cast<double>(received) / 1e6 / seconds,
      (cpu_seconds() - cpu) * 1e9 / static_cast<double>(packets), stats->path_mtu, packets,
      static_cast<unsigned long long>(stats->packets_lost), idle);
}

// --- loopback -----------------------------------------------------------------------------------

class Socket {
 public:
  Socket() : fd_(::socket(AF_INET, SOCK_DGRAM, 0)) {
    sockaddr_in any{};
    any.sin_family = AF_INET;
    any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    KITH_CHECK(::bind(fd_, reinterpret_cast<sockaddr*>(&any), sizeof any) == 0);
    const int on = 1;
    const int size = 4 << 20;
    const int probe = IP_PMTUDISC_PROBE;
    ::setsockopt(fd_, SOL_UDP, UDP_GRO, &on, sizeof on);
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    ::setsockopt(fd_, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    ::setsockopt(fd_, IPPROTO_IP, IP_MTU_DISCOVER, &probe, sizeof probe);
  }
  ~Socket() { ::close(fd_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  Address address() const {
    sockaddr_in bound{};
    socklen_t size = sizeof bound;
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&bound), &size);
    return Address::v4(127, 0, 0, 1, ntohs(bound.sin_port));
  }

  bool send(const Transmit& transmit, ByteView bytes) const {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons(transmit.remote.port);
    iovec iov{const_cast<std::byte*>(bytes.data()), transmit.size};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(std::uint16_t))> control{};
    msghdr message{};
    message.msg_name = &to;
    message.msg_namelen = sizeof to;
    message.msg_iov = &iov;
    message.msg_iovlen = 1;
    if (transmit.segment_size < transmit.size) {
      message.msg_control = control.data();
      message.msg_controllen = control.size();
      cmsghdr* header = CMSG_FIRSTHDR(&message);
      header->cmsg_level = SOL_UDP;
      header->cmsg_type = UDP_SEGMENT;
      header->cmsg_len = CMSG_LEN(sizeof(std::uint16_t));
      const auto segment = static_cast<std::uint16_t>(transmit.segment_size);
      std::memcpy(CMSG_DATA(header), &segment, sizeof segment);
    }
    return ::sendmsg(fd_, &message, MSG_DONTWAIT) >= 0 || errno == EMSGSIZE;
  }

  // One batch as GRO gives it; false when there is nothing.
  bool receive(std::span<std::byte> buffer, DatagramsReceived& batch) const {
    sockaddr_in from{};
    iovec iov{buffer.data(), buffer.size()};
    alignas(cmsghdr) std::array<char, 64> control{};
    msghdr message{};
    message.msg_name = &from;
    message.msg_namelen = sizeof from;
    message.msg_iov = &iov;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const ssize_t size = ::recvmsg(fd_, &message, MSG_DONTWAIT);
    if (size <= 0) return false;
    batch.bytes = ByteView(buffer).first(static_cast<std::size_t>(size));
    batch.stride = batch.bytes.size();
    batch.remote = Address::v4(127, 0, 0, 1, ntohs(from.sin_port));
    for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
      if (c->cmsg_level != SOL_UDP || c->cmsg_type != UDP_GRO) continue;
      int stride = 0;
      std::memcpy(&stride, CMSG_DATA(c), sizeof stride);
      batch.stride = static_cast<std::size_t>(stride);
    }
    return true;
  }

  void wait(Duration most) const {
    pollfd waiting{fd_, POLLIN, 0};
    const auto ns = std::clamp<std::int64_t>(most.count(), 0, 100'000'000);
    const timespec timeout{0, static_cast<long>(ns)};
    ::ppoll(&waiting, 1, &timeout, nullptr);
  }

 private:
  int fd_;
};

// The driver's loop: receive, timers, the program, send, sleep.
template <class Program>
void drive(Host& host, const Socket& socket, const Program& program) {
  Bytes incoming(kBufferBytes);
  Bytes outgoing(kBufferBytes);
  for (;;) {
    DatagramsReceived batch;
    batch.socket = host.socket;
    batch.local = host.address;
    bool busy = false;
    for (int i = 0; i < 16 && socket.receive(incoming, batch); ++i) {
      host.endpoint.handle_datagrams(wall(), batch);
      busy = true;
    }
    const auto due = host.endpoint.next_wakeup();
    if (due && due->at <= wall()) host.endpoint.handle_timeout(wall());
    if (!program()) return;
    for (int i = 0; i < 16; ++i) {
      const auto transmit = host.endpoint.poll_datagrams(wall(), host.socket, outgoing, 64);
      if (!transmit) break;
      busy = true;
      while (!socket.send(*transmit, outgoing)) ::usleep(10);
    }
    if (busy) continue;
    const auto wakeup = host.endpoint.next_wakeup();
    socket.wait(wakeup ? wakeup->at - wall() : std::chrono::milliseconds(100));
  }
}

void run_over_loopback(const Task& task) {
  Pair::Options options;
  options.client = options.server = task.config;
  Pair pair(options);
  Socket client_socket;
  Socket server_socket;
  pair.client.address = client_socket.address();
  pair.server.address = server_socket.address();
  const pid_t child = ::fork();
  if (child == 0) {
    std::size_t received = 0;
    bool done = false;
    Instant begun{};
    Instant ended{};
    drive(pair.server, server_socket, [&] {
      receive(pair.server, received, done);
      if (begun.ns == 0 && received > 0) begun = wall();
      if (done && ended.ns == 0) ended = wall();
      // Long enough to acknowledge the end.
      return !done || wall() - ended < std::chrono::milliseconds(200);
    });
    const double seconds = static_cast<double>((ended - begun).count()) * 1e-9;
    std::printf("loopback %6.0f MB/s  receiver cpu %.2f s of %.2f s\n",
                static_cast<double>(received) / 1e6 / seconds, cpu_seconds(), seconds);
    std::fflush(stdout);
    ::_exit(0);
  }
  Sender sender(pair.client, task.bytes);
  pair.now = wall();
  const ConnectionId connection = pair.connect(pair.hello());
  sender.start(connection);
  ConnectionStats stats;
  drive(pair.client, client_socket, [&] {
    sender.pump();
    if (const auto now = pair.client.endpoint.stats(connection)) stats = *now;
    return ::waitpid(child, nullptr, WNOHANG) == 0 && !sender.over;
  });
  std::printf("         sender cpu %.2f s  mtu %zu  rtt %lld us  window %llu  lost %llu\n",
              cpu_seconds(), stats.path_mtu,
              static_cast<long long>(stats.smoothed_rtt.count() / 1000),
              static_cast<unsigned long long>(stats.congestion_window),
              static_cast<unsigned long long>(stats.packets_lost));
}

int run(int argc, char** argv) {
  Task task;
  const std::string_view mode = argc > 1 ? argv[1] : "memory";
  if (argc > 2) task.bytes = std::strtoull(argv[2], nullptr, 10) << 20;
  task.config.max_udp_payload = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 1472;
  if (argc > 4) {
    task.config.congestion_control =
        std::string_view(argv[4]) == "cubic" ? CongestionControl::cubic : CongestionControl::bbr;
  }
  if (mode == "memory") {
    run_in_memory(task);
  } else if (mode == "loopback") {
    run_over_loopback(task);
  } else {
    std::fprintf(stderr, "usage: %s memory|loopback [MiB] [payload] [cubic|bbr]\n", argv[0]);
    return 2;
  }
  return 0;
}

}  // namespace
}  // namespace kith::quic::testing

int main(int argc, char** argv) { return kith::quic::testing::run(argc, argv); }
