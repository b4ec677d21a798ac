// Protocols of an application through whole engines: who may connect, by what proof, and that bytes
// arrive with credit both ways.

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/engine/lab.h"

namespace kith {
namespace {

constexpr const char* kOpen = "example/open/1";
constexpr const char* kClosed = "example/closed/1";
const Address kNowhere = Address::v4(192, 0, 2, 77, 4000);

Config with_protocols(std::vector<ApplicationProtocol> protocols);
Result<Engine> make_with(std::vector<ApplicationProtocol> protocols);

class Applications : public ::testing::Test {
 protected:
  Applications() {
    lab.config = with_protocols({{kOpen, Access::anyone}, {kClosed, Access::paired}});
    lab[0].restart();
    lab[1].restart();
  }

  void connect(const DeviceId& to, const std::string& alpn, std::vector<Address> addresses);
  void connect(const std::string& alpn) { connect(lab[1].id(), alpn, {lab[1].address}); }
  Error failure_of_connect();
  // Of the connection between the two, as each sees it.
  PeerConnected dialled() { return wait_for<PeerConnected>(lab[0]); }
  PeerConnected accepted() { return wait_for<PeerConnected>(lab[1]); }
  StreamId open_stream(ConnectionId connection);
  template <class T>
  T wait_for(LabDevice& device);
  std::uint64_t received(LabDevice& device) const;

  Lab lab{2};
};

TEST_F(Applications, strangers_meet_by_their_keys) {
  connect(kOpen);
  const PeerConnected here = dialled();
  const PeerConnected there = accepted();
  EXPECT_EQ(here.request, RequestId{30});
  EXPECT_EQ(there.request, RequestId{});
  EXPECT_EQ(here.peer, lab[1].id());
  EXPECT_EQ(there.peer, lab[0].id());
  EXPECT_FALSE(here.paired);
  EXPECT_FALSE(there.paired);
  EXPECT_EQ(there.alpn, kOpen);
  EXPECT_TRUE(lab[1].engine->devices().empty());
}

TEST_F(Applications, paired_devices_meet_by_their_pairing_under_either_access) {
  lab.pair(0, 1);
  for (const char* alpn : {kOpen, kClosed}) {
    lab[0].events.clear();
    lab[1].events.clear();
    connect(alpn);
    const PeerConnected here = dialled();
    const PeerConnected there = accepted();
    EXPECT_TRUE(here.paired);
    EXPECT_TRUE(there.paired);
    EXPECT_EQ(here.peer, lab[1].id());
    EXPECT_EQ(there.peer, lab[0].id());
  }
}

TEST_F(Applications, a_stranger_does_not_dial_a_protocol_for_paired_devices) {
  lab[0].sent.clear();
  connect(kClosed);
  EXPECT_EQ(failure_of_connect().code, ErrorCode::permission_denied);
  EXPECT_TRUE(lab[0].sent.empty());
}

TEST_F(Applications, a_stranger_is_refused_a_protocol_for_paired_devices) {
  lab[0].engine.reset();
  lab.config = with_protocols({{kClosed, Access::anyone}});  // its own idea of it
  lab[0].restart();
  connect(kClosed);
  EXPECT_EQ(failure_of_connect().code, ErrorCode::refused);
  EXPECT_TRUE(events_of<PeerConnected>(lab[1].events).empty());
}

TEST_F(Applications, the_key_of_another_device_is_refused) {
  DeviceId other = lab[1].id();
  other.bytes[0] ^= std::byte{1};
  connect(other, kOpen, {lab[1].address});
  EXPECT_EQ(failure_of_connect().code, ErrorCode::refused);
  EXPECT_TRUE(events_of<PeerConnected>(lab[1].events).empty());
}

TEST_F(Applications, where_some_are_silent_a_refusal_says_where_it_came_from) {
  DeviceId other = lab[1].id();
  other.bytes[0] ^= std::byte{1};
  connect(other, kOpen, {lab[1].address, kNowhere});
  const Error error = failure_of_connect();
  EXPECT_EQ(error.code, ErrorCode::refused);
  EXPECT_NE(error.message.find(lab[1].address.to_string()), std::string::npos) << error.message;
}

TEST_F(Applications, a_blocked_device_neither_connects_nor_is_connected_to) {
  lab[0].command(BlockDevice{lab[1].id()});
  connect(kOpen);
  EXPECT_EQ(failure_of_connect().code, ErrorCode::permission_denied);
  lab[1].command(Connect{RequestId{31}, kOpen, lab[0].id(), {lab[0].address}});
  lab.run_for(std::chrono::seconds(2));
  EXPECT_TRUE(events_of<PeerConnected>(lab[0].events).empty());
}

TEST_F(Applications, a_device_blocked_meanwhile_is_cut_off) {
  connect(kOpen);
  accepted();
  lab[1].command(BlockDevice{lab[0].id()});
  EXPECT_TRUE(wait_for<ConnectionClosed>(lab[0]).by_application);
}

TEST_F(Applications, a_protocol_of_kith_itself_is_not_the_applications_to_speak) {
  for (const char* alpn : {"kith/transfer/1", "kith/pair/1", "unheard/of"}) {
    lab[0].events.clear();
    connect(alpn);
    EXPECT_EQ(failure_of_connect().code, ErrorCode::not_found) << alpn;
  }
}

TEST_F(Applications, addresses_given_by_hand_are_tried_too) {
  lab[0].command(AddDeviceAddress{lab[1].id(), lab[1].address});
  connect(lab[1].id(), kOpen, {});
  EXPECT_EQ(dialled().peer, lab[1].id());
}

TEST_F(Applications, nobody_there_is_unreachable) {
  connect(lab[1].id(), kOpen, {kNowhere});
  EXPECT_EQ(failure_of_connect().code, ErrorCode::unreachable);
}

TEST_F(Applications, a_cancelled_connect_leaves_no_connection) {
  connect(kOpen);
  lab[0].command(Cancel{RequestId{30}});
  EXPECT_EQ(failure_of_connect().code, ErrorCode::cancelled);
  lab.run_for(std::chrono::seconds(2));
  EXPECT_TRUE(events_of<PeerConnected>(lab[0].events).empty());
  EXPECT_EQ(events_of<ConnectionClosed>(lab[1].events).size(),
            events_of<PeerConnected>(lab[1].events).size());
}

TEST_F(Applications, bytes_cross_in_both_directions_and_end) {
  connect(kOpen);
  const ConnectionId here = dialled().connection;
  const ConnectionId there = accepted().connection;
  const StreamId stream = open_stream(here);
  lab[0].command(StreamWrite{here, stream, SharedBytes(Bytes(3, std::byte{'a'})), true});
  const auto asked = wait_for<BytesReceived>(lab[1]);
  EXPECT_EQ(as_text(asked.bytes.view()), "aaa");
  EXPECT_TRUE(asked.fin);
  lab[1].command(StreamWrite{there, asked.stream, SharedBytes(Bytes(2, std::byte{'b'})), true});
  const auto answered = wait_for<BytesReceived>(lab[0]);
  EXPECT_EQ(as_text(answered.bytes.view()), "bb");
  EXPECT_TRUE(answered.fin);
  lab[0].command(CloseConnection{here, 42, "done"});
  const auto closed = wait_for<ConnectionClosed>(lab[1]);
  EXPECT_EQ(closed.application_code, 42u);
}

TEST_F(Applications, a_peer_without_credit_waits_until_it_is_returned) {
  connect(kOpen);
  const ConnectionId here = dialled().connection;
  const ConnectionId there = accepted().connection;
  const StreamId stream = open_stream(here);
  constexpr std::size_t kAll = 12u << 20;  // twice a stream's window
  lab[0].command(StreamWrite{here, stream, SharedBytes(Bytes(kAll)), true});
  lab.run_for(std::chrono::seconds(20));
  const std::uint64_t held = received(lab[1]);
  EXPECT_GT(held, 0u);
  EXPECT_LE(held, 6u << 20);
  EXPECT_TRUE(events_of<StreamWritable>(lab[0].events).empty());
  std::size_t credited = 0;
  lab.run_until(
      [&] {
        const auto all = events_of<BytesReceived>(lab[1].events);
        for (; credited < all.size(); ++credited) {
          lab[1].command(StreamCredit{there, stream, all[credited].bytes.size()});
        }
        return received(lab[1]) == kAll;
      },
      std::chrono::seconds(60));
  EXPECT_EQ(received(lab[1]), kAll);
  EXPECT_EQ(wait_for<StreamWritable>(lab[0]).stream, stream);
}

TEST_F(Applications, a_small_writer_can_ask_when_to_go_on) {
  connect(kOpen);
  const ConnectionId here = dialled().connection;
  const StreamId stream = open_stream(here);
  lab[0].command(StreamWrite{here, stream, SharedBytes(Bytes(1)), false});
  EXPECT_TRUE(events_of<StreamWritable>(lab[0].events).empty());
  lab[0].command(AwaitWritable{here, stream});
  EXPECT_EQ(events_of<StreamWritable>(lab[0].events).size(), 1u);
  lab.run_for(std::chrono::seconds(1));
  lab[0].command(StreamWrite{here, stream, SharedBytes(Bytes(kStreamLowWater)), false});
  lab[0].command(AwaitWritable{here, stream});
  EXPECT_EQ(events_of<StreamWritable>(lab[0].events).size(), 1u);
  lab.run_for(std::chrono::seconds(5));
  EXPECT_EQ(events_of<StreamWritable>(lab[0].events).size(), 2u);
}

TEST_F(Applications, a_reset_and_a_stop_reach_the_peer_with_their_codes) {
  connect(kOpen);
  const ConnectionId here = dialled().connection;
  const ConnectionId there = accepted().connection;
  const StreamId first = open_stream(here);
  lab[0].command(StreamWrite{here, first, SharedBytes(Bytes(1)), false});
  wait_for<StreamOpened>(lab[1]);
  lab[0].command(ResetStream{here, first, 5});
  EXPECT_EQ(wait_for<StreamReset>(lab[1]).code, 5u);
  lab[1].command(StreamWrite{there, first, SharedBytes(Bytes(1)), false});
  lab[0].command(StopStream{here, first, 6});
  EXPECT_EQ(wait_for<StreamStopped>(lab[1]).stream, first);
}

TEST(ApplicationProtocols, a_name_that_is_taken_is_refused_with_its_name) {
  for (const char* alpn : {"kith/pair/1", "kith/transfer/1"}) {
    const auto made = make_with({{alpn, Access::anyone}});
    ASSERT_FALSE(made.has_value()) << alpn;
    EXPECT_EQ(made.error().code, ErrorCode::already_exists);
    EXPECT_NE(made.error().message.find(alpn), std::string::npos);
  }
  EXPECT_EQ(make_with({{kOpen, Access::anyone}, {kOpen, Access::paired}}).error().code,
            ErrorCode::already_exists);
  EXPECT_EQ(make_with({{"", Access::anyone}}).error().code, ErrorCode::invalid_argument);
  EXPECT_TRUE(make_with({{kOpen, Access::anyone}, {kClosed, Access::paired}}).has_value());
}

TEST(ApplicationProtocols, the_constructor_takes_no_wrong_configuration) {
  const auto config = with_protocols({{"kith/pair/1", Access::anyone}});
  EXPECT_DEATH(Engine(config, {}, {}, {}, Instant{1}, 0), "kith/pair/1 is registered already");
}

// --- helpers ------------------------------------------------------------------------------------

Config with_protocols(std::vector<ApplicationProtocol> protocols) {
  Config config;
  config.protocols = std::move(protocols);
  return config;
}

Result<Engine> make_with(std::vector<ApplicationProtocol> protocols) {
  return Engine::make(with_protocols(std::move(protocols)), {}, {}, {}, Instant{1}, 0);
}

void Applications::connect(const DeviceId& to, const std::string& alpn,
                           std::vector<Address> addresses) {
  lab[0].command(Connect{RequestId{30}, alpn, to, std::move(addresses)});
}

Error Applications::failure_of_connect() {
  const auto failed = wait_for<ConnectFailed>(lab[0]);
  EXPECT_EQ(failed.request, RequestId{30});
  return failed.error;
}

StreamId Applications::open_stream(ConnectionId connection) {
  lab[0].command(OpenStream{connection, StreamKind::bidirectional, 77});
  const auto ready = wait_for<StreamReady>(lab[0]);
  EXPECT_EQ(ready.tag, 77u);
  return ready.stream;
}

template <class T>
T Applications::wait_for(LabDevice& device) {
  lab.run_until([&] { return !events_of<T>(device.events).empty(); });
  const auto found = events_of<T>(device.events);
  EXPECT_EQ(found.size(), 1u);
  return found.empty() ? T{} : found.front();
}

std::uint64_t Applications::received(LabDevice& device) const {
  std::uint64_t sum = 0;
  for (const auto& received : events_of<BytesReceived>(device.events)) sum += received.bytes.size();
  return sum;
}

}  // namespace
}  // namespace kith
