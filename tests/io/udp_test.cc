#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include "io/udp/udp_socket.h"
#include "tests/io/without_system_calls.h"

namespace kith::io {
namespace {

struct Received {
  std::string bytes;
  Address local;
  Address remote;
  std::uint32_t interface = 0;
  Ecn ecn = Ecn::not_ect;
};

struct Path {
  std::string name;
  UdpFeatures features;
};

std::vector<Path> all_paths();
Address loopback(Address::Family family, std::uint16_t port = 0);
UdpSocket must_open(const Address& bind, const UdpFeatures& features = {});
// Datagram n of a train: `size` bytes that no other datagram has.
std::string datagram(std::size_t n, std::size_t size);
Transmit transmit_to(const UdpSocket& receiver, std::size_t segment_size, std::size_t size);
void send_text(UdpSocket& sender, const UdpSocket& receiver, const std::string& text);
// Everything that has arrived, after at least `count` datagrams or some seconds.
std::vector<Received> receive(UdpSocket& socket, std::size_t count);

class UdpPaths : public ::testing::TestWithParam<std::tuple<Path, Address::Family>> {
 protected:
  const UdpFeatures& features() const { return std::get<0>(GetParam()).features; }
  Address::Family family() const { return std::get<1>(GetParam()); }
  UdpSocket sender_ = must_open(loopback(family()), features());
  UdpSocket receiver_ = must_open(loopback(family()), features());
};
INSTANTIATE_TEST_SUITE_P(Udp, UdpPaths,
                         ::testing::Combine(::testing::ValuesIn(all_paths()),
                                            ::testing::Values(Address::Family::ipv4,
                                                              Address::Family::ipv6)),
                         [](const auto& instance) {
                           return std::get<0>(instance.param).name +
                                  (std::get<1>(instance.param) == Address::Family::ipv4 ? "_v4"
                                                                                        : "_v6");
                         });

TEST_P(UdpPaths, use_what_they_are_allowed) {
  // This kernel has everything (Linux 5.0 and later): what is off was switched off.
  EXPECT_EQ(sender_.features(), features());
}

TEST_P(UdpPaths, deliver_a_train_in_order_and_unchanged) {
  constexpr std::size_t kSegment = 1200;
  for (const std::size_t count : {1u, 2u, 17u, 50u}) {
    for (const std::size_t last : {kSegment, std::size_t{7}}) {
      SCOPED_TRACE(count);
      std::string train;
      for (std::size_t n = 0; n < count; ++n) {
        train += datagram(n, n + 1 == count ? last : kSegment);
      }
      const auto sent =
          sender_.send(transmit_to(receiver_, kSegment, train.size()), as_byte_view(train));
      EXPECT_EQ(sent.bytes, train.size());
      EXPECT_FALSE(sent.blocked);
      const auto received = receive(receiver_, count);
      ASSERT_EQ(received.size(), count);
      for (std::size_t n = 0; n < count; ++n) {
        EXPECT_EQ(received[n].bytes, datagram(n, n + 1 == count ? last : kSegment));
        EXPECT_EQ(received[n].remote, sender_.local());
        EXPECT_EQ(received[n].local.port, receiver_.local().port);
      }
    }
  }
}

TEST_P(UdpPaths, deliver_the_largest_datagram) {
  // The headers of IPv6 and UDP, and the 65,536 bytes a loopback interface takes.
  const std::size_t largest = family() == Address::Family::ipv4 ? kMaxUdpPayloadBytes : 65536 - 48;
  const std::string text = datagram(1, largest);
  send_text(sender_, receiver_, text);
  const auto received = receive(receiver_, 1);
  ASSERT_EQ(received.size(), 1u);
  EXPECT_EQ(received.front().bytes, text);
}

TEST_P(UdpPaths, keep_datagrams_of_different_peers_and_sizes_apart) {
  UdpSocket other = must_open(loopback(family()), features());
  std::vector<std::pair<std::string, Address>> expected;
  for (std::size_t n = 0; n < 60; ++n) {
    UdpSocket& from = n % 3 == 0 ? other : sender_;
    const std::string text = datagram(n, n % 5 == 0 ? 100 + n : 1000);
    send_text(from, receiver_, text);
    expected.emplace_back(text, from.local());
  }
  const auto received = receive(receiver_, expected.size());
  ASSERT_EQ(received.size(), expected.size());
  // Datagrams of one peer stay in order; the kernel may join them past those of another.
  for (const UdpSocket* from : {&other, &sender_}) {
    std::vector<std::string> sent;
    std::vector<std::string> arrived;
    for (const auto& [text, peer] : expected) {
      if (peer == from->local()) sent.push_back(text);
    }
    for (const Received& one : received) {
      if (one.remote == from->local()) arrived.push_back(one.bytes);
    }
    EXPECT_EQ(arrived, sent);
  }
}

TEST_P(UdpPaths, tell_the_local_address_where_they_can) {
  Address any;
  any.family = family();
  UdpSocket receiver = must_open(any, features());
  Transmit transmit = transmit_to(receiver, 4, 4);
  transmit.remote = loopback(family(), receiver.local().port);
  sender_.send(transmit, as_byte_view("text"));
  const auto received = receive(receiver, 1);
  ASSERT_EQ(received.size(), 1u);
  EXPECT_EQ(received.front().local.family, family());
  if (features().packet_info) {
    EXPECT_EQ(received.front().local, loopback(family(), receiver.local().port));
    EXPECT_NE(received.front().interface, 0u);
  } else {
    EXPECT_TRUE(received.front().local.is_unspecified());
    EXPECT_EQ(received.front().local.port, receiver.local().port);
  }
}

TEST_P(UdpPaths, carry_congestion_marks_where_they_can) {
  for (const Ecn mark : {Ecn::ect0, Ecn::ect1, Ecn::ce, Ecn::not_ect}) {
    Transmit transmit = transmit_to(receiver_, 500, 1500);
    transmit.ecn = mark;
    sender_.send(transmit, as_byte_view(std::string(1500, 'x')));
    const auto received = receive(receiver_, 3);
    ASSERT_EQ(received.size(), 3u);
    for (const Received& one : received) {
      EXPECT_EQ(one.ecn, features().ecn ? mark : Ecn::not_ect);
    }
  }
}

TEST_P(UdpPaths, survive_datagrams_the_system_refuses) {
  const std::string huge(70'000, 'x');
  const auto sent =
      sender_.send(transmit_to(receiver_, huge.size(), huge.size()), as_byte_view(huge));
  EXPECT_EQ(sent.bytes, huge.size());
  EXPECT_FALSE(sent.blocked);
  EXPECT_EQ(sender_.counters().too_big, 1u);
  EXPECT_EQ(sender_.features(), features());

  const auto other =
      family() == Address::Family::ipv4 ? Address::Family::ipv6 : Address::Family::ipv4;
  Transmit transmit = transmit_to(receiver_, 2, 4);
  transmit.remote = loopback(other, 9);
  EXPECT_EQ(sender_.send(transmit, as_byte_view("text")).bytes, 4u);
  EXPECT_EQ(sender_.counters().refused, 2u);

  send_text(sender_, receiver_, "still alive");
  EXPECT_EQ(receive(receiver_, 1).front().bytes, "still alive");
}

TEST_P(UdpPaths, drop_empty_datagrams) {
  const Address to = receiver_.local();
  ASSERT_EQ(sender_.send(transmit_to(receiver_, 1, 0), {}).bytes, 0u);
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  ASSERT_EQ(
      ::getsockname(receiver_.native_handle(), reinterpret_cast<sockaddr*>(&storage), &length), 0);
  ASSERT_EQ(
      ::sendto(sender_.native_handle(), "", 0, 0, reinterpret_cast<sockaddr*>(&storage), length),
      0);
  send_text(sender_, receiver_, "after");
  const auto received = receive(receiver_, 1);
  ASSERT_EQ(received.size(), 1u) << to.to_string();
  EXPECT_EQ(received.front().bytes, "after");
  EXPECT_EQ(receiver_.counters().empty, 1u);
}

TEST_P(UdpPaths, have_nothing_when_nothing_was_sent) {
  ReceiveBuffer buffer;
  const auto received = receiver_.receive(buffer);
  ASSERT_TRUE(received);
  EXPECT_TRUE(received->batches.empty());
  EXPECT_TRUE(received->drained);
}

TEST_P(UdpPaths, leave_what_one_call_does_not_take_for_the_next) {
  constexpr std::size_t kCount = 300;
  for (std::size_t n = 0; n < kCount; ++n) send_text(sender_, receiver_, datagram(n, 50 + n % 7));
  ReceiveBuffer buffer;
  const auto first = receiver_.receive(buffer);
  ASSERT_TRUE(first);
  EXPECT_FALSE(first->batches.empty());
  const std::size_t in_first = receiver_.counters().datagrams_received;
  const auto rest = receive(receiver_, kCount - in_first);
  EXPECT_EQ(rest.size(), kCount - in_first);
  EXPECT_EQ(rest.back().bytes, datagram(kCount - 1, 50 + (kCount - 1) % 7));
}

TEST(UdpSocket, chooses_the_source_it_is_told) {
  Address any;
  UdpSocket sender = must_open(any);
  UdpSocket receiver = must_open(loopback(Address::Family::ipv4));
  Transmit transmit = transmit_to(receiver, 4, 4);
  transmit.source = Address::v4(127, 0, 0, 2, 0);
  sender.send(transmit, as_byte_view("text"));
  EXPECT_EQ(receive(receiver, 1).front().remote, Address::v4(127, 0, 0, 2, sender.local().port));
}

TEST(UdpSocket, without_the_source_it_is_told_loses_the_datagram_and_lives) {
  Address any;
  UdpSocket sender = must_open(any);
  UdpSocket receiver = must_open(loopback(Address::Family::ipv4));
  Transmit transmit = transmit_to(receiver, 4, 4);
  transmit.source = Address::v4(192, 0, 2, 77, 0);
  EXPECT_EQ(sender.send(transmit, as_byte_view("text")).bytes, 4u);
  const UdpCounters& counters = sender.counters();
  EXPECT_EQ(counters.unreachable + counters.refused, 1u);
  send_text(sender, receiver, "alive");
  EXPECT_EQ(receive(receiver, 1).front().bytes, "alive");
}

TEST(UdpSocket, of_both_families_share_a_port) {
  Address v4;
  const UdpSocket first = must_open(v4);
  Address v6;
  v6.family = Address::Family::ipv6;
  v6.port = first.local().port;
  EXPECT_EQ(must_open(v6).local().port, first.local().port);
}

TEST(UdpSocket, tells_that_a_port_is_taken) {
  const UdpSocket first = must_open(loopback(Address::Family::ipv4));
  const auto second = UdpSocket::open(first.local());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::already_exists);
  EXPECT_NE(second.error().message.find(first.local().to_string()), std::string::npos);
  EXPECT_FALSE(second.error().hint.empty());
}

TEST(UdpSocket, tells_that_an_address_is_not_of_this_machine) {
  const auto socket = UdpSocket::open(Address::v4(192, 0, 2, 77, 0));
  ASSERT_FALSE(socket);
  EXPECT_EQ(socket.error().code, ErrorCode::invalid_argument);
}

TEST(UdpSocket, joins_what_the_kernel_did_not) {
  UdpFeatures plain;
  plain.receive_offload = false;
  UdpSocket sender = must_open(loopback(Address::Family::ipv4));
  UdpSocket receiver = must_open(loopback(Address::Family::ipv4), plain);
  std::string train;
  for (std::size_t n = 0; n < 20; ++n) train += datagram(n, n == 19 ? 10 : 1000);
  sender.send(transmit_to(receiver, 1000, train.size()), as_byte_view(train));
  ReceiveBuffer buffer;
  const auto received = receiver.receive(buffer);
  ASSERT_EQ(received->batches.size(), 1u);
  EXPECT_EQ(received->batches.front().stride, 1000u);
  EXPECT_EQ(as_text(received->batches.front().bytes), train);
}

TEST(UdpSocket, sends_a_train_in_one_call_and_receives_it_in_one) {
  UdpSocket sender = must_open(loopback(Address::Family::ipv4));
  UdpSocket receiver = must_open(loopback(Address::Family::ipv4));
  const std::string train(50'000, 'x');
  sender.send(transmit_to(receiver, 1000, train.size()), as_byte_view(train));
  EXPECT_EQ(sender.counters().send_calls, 1u);
  EXPECT_EQ(sender.counters().datagrams_sent, 50u);
  ReceiveBuffer buffer;
  const auto received = receiver.receive(buffer);
  ASSERT_EQ(received->batches.size(), 1u);
  EXPECT_EQ(received->batches.front().stride, 1000u);
  EXPECT_EQ(receiver.counters().receive_calls, 1u);
  EXPECT_EQ(receiver.counters().datagrams_received, 50u);
}

// The kernel refuses to segment for a socket that sends no checksums, as it does for network cards
// that cannot compute them.
TEST(UdpSocket, whose_trains_are_refused_sends_their_datagrams_one_by_one) {
  UdpSocket sender = must_open(loopback(Address::Family::ipv4));
  UdpSocket receiver = must_open(loopback(Address::Family::ipv4));
  const int on = 1;
  ASSERT_EQ(::setsockopt(sender.native_handle(), SOL_SOCKET, SO_NO_CHECK, &on, sizeof on), 0);
  const std::string train = datagram(0, 100) + datagram(1, 100) + datagram(2, 30);
  const auto sent = sender.send(transmit_to(receiver, 100, train.size()), as_byte_view(train));
  EXPECT_EQ(sent.bytes, train.size());
  EXPECT_FALSE(sender.features().send_offload);
  const auto received = receive(receiver, 3);
  ASSERT_EQ(received.size(), 3u);
  EXPECT_EQ(received[2].bytes, datagram(2, 30));
}

TEST(UdpSocket, works_on_a_kernel_without_batch_calls) {
  testing::without_system_calls({SYS_sendmmsg, SYS_recvmmsg}, ENOSYS, [] {
    UdpFeatures no_offload;
    no_offload.send_offload = no_offload.receive_offload = false;
    UdpSocket sender = must_open(loopback(Address::Family::ipv4), no_offload);
    UdpSocket receiver = must_open(loopback(Address::Family::ipv4), no_offload);
    const std::string train = datagram(0, 100) + datagram(1, 100) + datagram(2, 30);
    EXPECT_EQ(sender.send(transmit_to(receiver, 100, train.size()), as_byte_view(train)).bytes,
              train.size());
    const auto received = receive(receiver, 3);
    ASSERT_EQ(received.size(), 3u);
    EXPECT_EQ(received[0].bytes, datagram(0, 100));
    EXPECT_EQ(received[2].bytes, datagram(2, 30));
    EXPECT_FALSE(sender.features().batch_send);
    EXPECT_FALSE(receiver.features().batch_receive);
  });
}

// --- helpers ------------------------------------------------------------------------------------

std::vector<Path> all_paths() {
  std::vector<Path> paths{{"everything", {}}};
  const auto without = [&](std::string name, auto... members) {
    UdpFeatures features;
    ((features.*members = false), ...);
    paths.push_back({std::move(name), features});
  };
  using F = UdpFeatures;
  without("no_send_offload", &F::send_offload);
  without("no_receive_offload", &F::receive_offload);
  without("no_offload", &F::send_offload, &F::receive_offload);
  without("no_batches", &F::send_offload, &F::receive_offload, &F::batch_send, &F::batch_receive);
  without("offload_without_batches", &F::batch_send, &F::batch_receive);
  without("no_packet_info", &F::packet_info);
  without("no_ecn", &F::ecn);
  without("no_dont_fragment", &F::dont_fragment);
  without("nothing", &F::send_offload, &F::receive_offload, &F::batch_send, &F::batch_receive,
          &F::packet_info, &F::ecn, &F::dont_fragment);
  return paths;
}

Address loopback(Address::Family family, std::uint16_t port) {
  if (family == Address::Family::ipv4) return Address::v4(127, 0, 0, 1, port);
  Address address{.family = family, .port = port};
  address.ip[15] = std::byte{1};
  return address;
}

UdpSocket must_open(const Address& bind, const UdpFeatures& features) {
  auto socket = UdpSocket::open(bind, false, features);
  if (!socket) ADD_FAILURE() << socket.error().message;
  return std::move(*socket);
}

std::string datagram(std::size_t n, std::size_t size) {
  std::string text = std::to_string(n) + ":";
  while (text.size() < size) text += static_cast<char>('a' + (text.size() * 7 + n) % 26);
  text.resize(size);
  return text;
}

Transmit transmit_to(const UdpSocket& receiver, std::size_t segment_size, std::size_t size) {
  Transmit transmit;
  transmit.remote = receiver.local();
  transmit.source.family = receiver.local().family;
  transmit.segment_size = segment_size;
  transmit.size = size;
  return transmit;
}

void send_text(UdpSocket& sender, const UdpSocket& receiver, const std::string& text) {
  const auto sent =
      sender.send(transmit_to(receiver, text.size(), text.size()), as_byte_view(text));
  EXPECT_EQ(sent.bytes, text.size());
}

std::vector<Received> receive(UdpSocket& socket, std::size_t count) {
  constexpr int kPatienceMs = 5000;
  ReceiveBuffer buffer;
  std::vector<Received> all;
  while (all.size() < count) {
    pollfd readable{socket.native_handle(), POLLIN, 0};
    if (::poll(&readable, 1, kPatienceMs) != 1) break;
    const auto received = socket.receive(buffer);
    if (!received) {
      ADD_FAILURE() << received.error().message;
      break;
    }
    for (const DatagramsReceived& batch : received->batches) {
      for (std::size_t at = 0; at < batch.bytes.size(); at += batch.stride) {
        const std::size_t size = std::min(batch.stride, batch.bytes.size() - at);
        all.push_back({std::string(as_text(batch.bytes.subspan(at, size))), batch.local,
                       batch.remote, batch.interface, batch.ecn});
      }
    }
  }
  return all;
}

}  // namespace
}  // namespace kith::io
