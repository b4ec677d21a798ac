// The machine of one application protocol, apart from connections.

#include "engine/application/application.h"

#include <gtest/gtest.h>

#include <vector>

namespace kith::application {
namespace {

constexpr ConnectionId kConnection{7};
constexpr ConnectionId kForeign{8};
constexpr RequestId kRequest{5};

class Bench {
 public:
  ApplicationMachine machine{"example/1", EffectIds(3)};

  void give(const ProtocolInput& input) {
    machine.handle(Instant{1}, input);
    machine.check_invariants();
  }
  std::vector<ProtocolOutput> outputs();
  template <class T>
  std::vector<T> events();
  template <class T>
  std::vector<T> asked();
  DialId dial();
  void open(ConnectionId connection, std::optional<DialId> dial = std::nullopt);
};

TEST(Application, a_connect_is_answered_by_its_connection) {
  Bench bench;
  const DialId dial = bench.dial();
  bench.open(kConnection, dial);
  const auto connected = bench.events<PeerConnected>();
  ASSERT_EQ(connected.size(), 1u);
  EXPECT_EQ(connected[0].request, kRequest);
  EXPECT_EQ(connected[0].connection, kConnection);
  EXPECT_EQ(connected[0].alpn, "example/1");
}

TEST(Application, a_connect_says_where_and_whom) {
  Bench bench;
  const Address address = Address::v4(192, 0, 2, 1, 4000);
  bench.give(Command(Connect{kRequest, "example/1", DeviceId{{std::byte{9}}}, {address}}));
  const auto dials = bench.asked<DialPeer>();
  ASSERT_EQ(dials.size(), 1u);
  EXPECT_EQ(dials[0].device, DeviceId{{std::byte{9}}});
  EXPECT_EQ(dials[0].addresses, std::vector<Address>{address});
  EXPECT_EQ(EffectIds::owner_of(dials[0].dial), 3);
}

TEST(Application, a_connect_under_another_protocol_is_left_alone) {
  Bench bench;
  bench.give(Command(Connect{kRequest, "example/2", {}, {}}));
  EXPECT_TRUE(bench.outputs().empty());
}

TEST(Application, a_connect_that_fails_says_why) {
  Bench bench;
  const DialId dial = bench.dial();
  bench.give(DialFailed{dial, {ErrorCode::unreachable, "gone", ""}});
  const auto failed = bench.events<ConnectFailed>();
  ASSERT_EQ(failed.size(), 1u);
  EXPECT_EQ(failed[0].request, kRequest);
  EXPECT_EQ(failed[0].error.message, "gone");
}

TEST(Application, a_cancelled_connect_closes_what_comes_of_it) {
  Bench bench;
  const DialId dial = bench.dial();
  bench.give(Command(Cancel{kRequest}));
  const auto failed = bench.events<ConnectFailed>();
  ASSERT_EQ(failed.size(), 1u);
  EXPECT_EQ(failed[0].error.code, ErrorCode::cancelled);
  bench.open(kConnection, dial);
  const auto outputs = bench.outputs();
  ASSERT_EQ(outputs.size(), 1u);
  EXPECT_EQ(std::get<CloseConnection>(outputs[0]).connection, kConnection);
}

TEST(Application, a_peer_that_connects_has_no_request) {
  Bench bench;
  bench.open(kConnection);
  EXPECT_EQ(bench.events<PeerConnected>().at(0).request, RequestId{});
}

TEST(Application, whether_the_peer_is_paired_is_told) {
  for (const bool paired : {false, true}) {
    Bench bench;
    ConnectionOpened opened;
    opened.paired = paired;
    bench.give(opened);
    EXPECT_EQ(bench.events<PeerConnected>().at(0).paired, paired);
  }
}

TEST(Application, bytes_are_owned_by_the_event) {
  Bench bench;
  bench.open(kConnection);
  bench.outputs();
  Bytes bytes{std::byte{1}, std::byte{2}};
  bench.give(StreamReceived{kConnection, StreamId{0}, bytes, true});
  bytes.assign(2, std::byte{0});
  const auto received = bench.events<BytesReceived>();
  ASSERT_EQ(received.size(), 1u);
  EXPECT_EQ(to_bytes(received[0].bytes.view()), (Bytes{std::byte{1}, std::byte{2}}));
  EXPECT_TRUE(received[0].fin);
}

TEST(Application, streams_and_credit_pass_as_they_are) {
  Bench bench;
  bench.open(kConnection);
  bench.outputs();
  const StreamId stream{4};
  bench.give(Command(OpenStream{kConnection, StreamKind::unidirectional, 11}));
  bench.give(Command(StreamWrite{kConnection, stream, SharedBytes(Bytes(3)), true}));
  bench.give(Command(AwaitWritable{kConnection, stream}));
  bench.give(Command(StreamCredit{kConnection, stream, 12}));
  bench.give(Command(ResetStream{kConnection, stream, 13}));
  bench.give(Command(StopStream{kConnection, stream, 14}));
  bench.give(Command(CloseConnection{kConnection, 15, "done"}));
  const auto out = bench.outputs();
  ASSERT_EQ(out.size(), 7u);
  EXPECT_EQ(std::get<OpenStream>(out[0]).tag, 11u);
  EXPECT_EQ(std::get<StreamWrite>(out[1]).data.size(), 3u);
  EXPECT_EQ(std::get<AwaitWritable>(out[2]).stream, stream);
  EXPECT_EQ(std::get<StreamCredit>(out[3]).bytes, 12u);
  EXPECT_EQ(std::get<ResetStream>(out[4]).code, 13u);
  EXPECT_EQ(std::get<StopStream>(out[5]).code, 14u);
  EXPECT_EQ(std::get<CloseConnection>(out[6]).reason, "done");
}

TEST(Application, connections_of_other_protocols_are_out_of_reach) {
  Bench bench;
  bench.open(kConnection);
  bench.outputs();
  bench.give(Command(OpenStream{kForeign, StreamKind::bidirectional, 1}));
  bench.give(Command(StreamWrite{kForeign, StreamId{0}, SharedBytes(Bytes(3)), true}));
  bench.give(Command(AwaitWritable{kForeign, StreamId{0}}));
  bench.give(Command(StreamCredit{kForeign, StreamId{0}, 1}));
  bench.give(Command(ResetStream{kForeign, StreamId{0}, 1}));
  bench.give(Command(StopStream{kForeign, StreamId{0}, 1}));
  bench.give(Command(CloseConnection{kForeign, 0, ""}));
  EXPECT_TRUE(bench.outputs().empty());
}

TEST(Application, nothing_is_told_or_done_after_the_end_of_a_connection) {
  Bench bench;
  bench.open(kConnection);
  bench.outputs();
  const ConnectionClosed closed{kConnection, {ErrorCode::connection_lost, "", ""}, 9, true};
  bench.give(closed);
  EXPECT_EQ(bench.events<ConnectionClosed>().at(0).application_code, 9u);
  bench.give(closed);
  bench.give(StreamOpened{kConnection, StreamId{0}, StreamKind::bidirectional});
  bench.give(StreamReceived{kConnection, StreamId{0}, {}, true});
  bench.give(Command(StreamWrite{kConnection, StreamId{0}, {}, true}));
  EXPECT_TRUE(bench.outputs().empty());
}

TEST(Application, more_peers_than_the_limit_are_turned_away) {
  Bench bench;
  for (std::uint64_t i = 0; i < kMaxApplicationConnections; ++i) bench.open(ConnectionId{i});
  EXPECT_EQ(bench.events<PeerConnected>().size(), kMaxApplicationConnections);
  bench.open(ConnectionId{kMaxApplicationConnections});
  const auto outputs = bench.outputs();
  ASSERT_EQ(outputs.size(), 1u);
  EXPECT_EQ(std::get<CloseConnection>(outputs[0]).code, kTooManyConnections);
  EXPECT_EQ(bench.machine.refused_connections(), 1u);
  bench.give(Command(Connect{kRequest, "example/1", {}, {}}));
  EXPECT_EQ(bench.events<ConnectFailed>().at(0).error.code, ErrorCode::limit_exceeded);
  bench.give(ConnectionClosed{ConnectionId{0}, {}, 0, false});
  bench.outputs();
  bench.open(ConnectionId{kMaxApplicationConnections + 1});
  EXPECT_EQ(bench.events<PeerConnected>().size(), 1u);
}

// --- helpers ------------------------------------------------------------------------------------

std::vector<ProtocolOutput> Bench::outputs() {
  std::vector<ProtocolOutput> all;
  while (auto output = machine.poll_output()) all.push_back(std::move(*output));
  return all;
}

template <class T>
std::vector<T> Bench::events() {
  std::vector<T> found;
  for (const ProtocolOutput& output : outputs()) {
    const auto* event = std::get_if<Event>(&output);
    if (event != nullptr && std::holds_alternative<T>(*event)) found.push_back(std::get<T>(*event));
  }
  return found;
}

template <class T>
std::vector<T> Bench::asked() {
  std::vector<T> found;
  for (const ProtocolOutput& output : outputs()) {
    if (const auto* match = std::get_if<T>(&output)) found.push_back(*match);
  }
  return found;
}

DialId Bench::dial() {
  give(Command(Connect{kRequest, "example/1", {}, {}}));
  return asked<DialPeer>().at(0).dial;
}

void Bench::open(ConnectionId connection, std::optional<DialId> dial) {
  ConnectionOpened opened;
  opened.connection = connection;
  opened.dial = dial;
  give(opened);
}

}  // namespace
}  // namespace kith::application
