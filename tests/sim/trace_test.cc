// The canonical encoding and the hash made of it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "engine/trace/encode.h"
#include "engine/trace/recorder.h"
#include "engine/trace/trace_hash.h"
#include "tests/trace/encoded.h"

namespace kith::trace {
namespace {

// A value that differs from the empty one in one field.
template <class T, class Field>
T with(Field T::*field, std::type_identity_t<Field> value) {
  T changed{};
  changed.*field = std::move(value);
  return changed;
}

template <class T>
void expect_all_different(const std::vector<T>& values);
std::vector<Input> inputs_that_differ_in_one_field();
std::vector<Output> outputs_that_differ_in_one_field();

TEST(Encoding, integers_are_in_network_order_and_of_fixed_width) {
  Collecting sink;
  Encoder encoder(sink);
  encoder.u8(0x01);
  encoder.u16(0x0203);
  encoder.u32(0x04050607);
  encoder.u64(0x08090a0b0c0d0e0f);
  encoder.i64(-1);
  encoder.flush();
  Bytes wanted;
  for (int i = 1; i <= 15; ++i) wanted.push_back(static_cast<std::byte>(i));
  wanted.insert(wanted.end(), 8, std::byte{0xff});
  EXPECT_EQ(sink.bytes, wanted);
}

TEST(Encoding, pieces_larger_than_the_buffer_keep_their_place) {
  Collecting sink;
  Encoder encoder(sink);
  const Bytes large(100'000, std::byte{7});
  encoder.u8(1);
  encoder.bytes(large);
  encoder.u8(2);
  encoder.flush();
  ASSERT_EQ(sink.bytes.size(), 1 + 8 + large.size() + 1);
  EXPECT_EQ(sink.bytes.front(), std::byte{1});
  EXPECT_EQ(sink.bytes[9], std::byte{7});
  EXPECT_EQ(sink.bytes.back(), std::byte{2});
}

TEST(Encoding, every_field_of_every_input_counts) {
  expect_all_different(inputs_that_differ_in_one_field());
}

TEST(Encoding, every_field_of_every_output_counts) {
  expect_all_different(outputs_that_differ_in_one_field());
}

TEST(Encoding, every_field_of_a_transmit_counts) {
  expect_all_different<Transmit>({{},
                                  with(&Transmit::socket, {1}),
                                  with(&Transmit::remote, Address::v4(1, 2, 3, 4, 5)),
                                  with(&Transmit::source, Address::v4(1, 2, 3, 4, 5)),
                                  with(&Transmit::interface, 1),
                                  with(&Transmit::ecn, Ecn::ce),
                                  with(&Transmit::segment_size, 1),
                                  with(&Transmit::size, 1)});
}

TEST(Encoding, what_an_engine_starts_from_counts) {
  using std::chrono::seconds;
  expect_all_different<Config>({{},
                                with(&Config::device_name, "a"),
                                with(&Config::pairing_code_lifetime, seconds(1)),
                                with(&Config::connect_timeout, seconds(1)),
                                with(&Config::idle_timeout, seconds(1)),
                                with(&Config::keep_alive, seconds(1)),
                                with(&Config::protocols, {{}}),
                                with(&Config::protocols, {{"a", Access::paired}}),
                                with(&Config::protocols, {{"", Access::anyone}})});
  const Bytes one(1);
  expect_all_different<RestoredState>({{}, {{"a", {}}}, {{"", one}}, {{"a", {}}, {"b", {}}}});
}

// The bytes of this version, for all time: whoever changes them raises kEncodingVersion.
TEST(Encoding, stays_as_this_version_wrote_it) {
  TraceHash trace;
  for (const Input& input : inputs_that_differ_in_one_field()) {
    trace.recorder().input(1, Instant{2}, input);
  }
  for (const Output& output : outputs_that_differ_in_one_field()) {
    trace.recorder().output(1, Instant{2}, output);
  }
  EXPECT_EQ(kEncodingVersion, 3u);
  EXPECT_EQ(trace.digest().to_hex(),
            "802d841f2ee512b978aaca47e4fa8d0561d59976240b14002c5fc296a62813c9");
}

TEST(Recorder, tells_devices_instants_and_kinds_apart) {
  const auto recorded = [](auto&& record) {
    Collecting sink;
    Recorder recorder(sink);
    record(recorder);
    recorder.flush();
    return sink.bytes;
  };
  Transmit transmit;
  transmit.segment_size = transmit.size = 1;
  const Bytes byte(1);
  const std::vector<Bytes> records{
      recorded([](Recorder&) {}),
      recorded([](Recorder& to) { to.input(1, Instant{1}, TimerFired{}); }),
      recorded([](Recorder& to) { to.input(2, Instant{1}, TimerFired{}); }),
      recorded([](Recorder& to) { to.input(1, Instant{2}, TimerFired{}); }),
      recorded([](Recorder& to) { to.output(1, Instant{1}, std::nullopt); }),
      recorded([](Recorder& to) { to.output(1, Instant{1}, CloseSocket{}); }),
      recorded([](Recorder& to) { to.datagrams(1, Instant{1}, {1}, 1, 1, std::nullopt, {}); }),
      recorded([](Recorder& to) { to.datagrams(1, Instant{1}, {2}, 1, 1, std::nullopt, {}); }),
      recorded([](Recorder& to) { to.datagrams(1, Instant{1}, {1}, 2, 1, std::nullopt, {}); }),
      recorded([](Recorder& to) { to.datagrams(1, Instant{1}, {1}, 1, 2, std::nullopt, {}); }),
      recorded([&](Recorder& to) { to.datagrams(1, Instant{1}, {1}, 1, 1, transmit, byte); }),
      recorded([](Recorder& to) { to.stopped(1, Instant{1}); }),
  };
  for (std::size_t i = 0; i < records.size(); ++i) {
    for (std::size_t j = i + 1; j < records.size(); ++j) EXPECT_NE(records[i], records[j]);
  }
}

TEST(TraceHash, can_be_looked_at_without_changing_it) {
  TraceHash looked;
  TraceHash not_looked;
  for (TraceHash* trace : {&looked, &not_looked}) {
    trace->recorder().input(0, Instant{1}, TimerFired{});
    if (trace == &looked) (void)trace->digest();
    trace->recorder().input(0, Instant{2}, TimerFired{});
  }
  EXPECT_EQ(looked.digest(), not_looked.digest());
}

TEST(TraceHash, one_bit_of_a_datagram_makes_another) {
  Bytes datagram(1200);
  const auto hash = [&datagram] {
    TraceHash trace;
    DatagramsReceived received;
    received.stride = datagram.size();
    received.bytes = datagram;
    trace.recorder().input(0, Instant{1}, received);
    return trace.digest();
  };
  const Digest before = hash();
  EXPECT_EQ(hash(), before);
  datagram[700] ^= std::byte{0x10};
  EXPECT_NE(hash(), before);
}

// --- helpers ------------------------------------------------------------------------------------

template <class T>
void expect_all_different(const std::vector<T>& values) {
  std::vector<Bytes> all;
  for (const T& value : values) all.push_back(encoded(value));
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (std::size_t j = i + 1; j < all.size(); ++j) {
      EXPECT_NE(all[i], all[j]) << "values " << i << " and " << j;
    }
  }
}

DeviceId some_device() { return DeviceId{{std::byte{1}}}; }
TransferId some_transfer() { return TransferId{{std::byte{1}}}; }
Address some_address() { return Address::v4(192, 0, 2, 1, 443); }
Error some_error() { return {ErrorCode::refused, "", ""}; }

// kith/application.h and kith/stream.h.
std::vector<Command> application_commands() {
  const SharedBytes byte{Bytes(1)};
  const auto one_way = StreamKind::unidirectional;
  return {
      Connect{},
      with(&Connect::request, {1}),
      with(&Connect::alpn, "a"),
      with(&Connect::device, some_device()),
      with(&Connect::addresses, {some_address()}),
      CloseConnection{},
      with(&CloseConnection::connection, {1}),
      with(&CloseConnection::code, 1),
      with(&CloseConnection::reason, "a"),
      OpenStream{},
      with(&OpenStream::connection, {1}),
      with(&OpenStream::kind, one_way),
      with(&OpenStream::tag, 1),
      StreamWrite{},
      with(&StreamWrite::connection, {1}),
      with(&StreamWrite::stream, {1}),
      with(&StreamWrite::data, byte),
      with(&StreamWrite::fin, true),
      AwaitWritable{},
      with(&AwaitWritable::connection, {1}),
      with(&AwaitWritable::stream, {1}),
      StreamCredit{},
      with(&StreamCredit::connection, {1}),
      with(&StreamCredit::stream, {1}),
      with(&StreamCredit::bytes, 1),
      ResetStream{},
      with(&ResetStream::connection, {1}),
      with(&ResetStream::stream, {1}),
      with(&ResetStream::code, 1),
      StopStream{},
      with(&StopStream::connection, {1}),
      with(&StopStream::stream, {1}),
      with(&StopStream::code, 1),
  };
}

std::vector<Event> application_events() {
  const SharedBytes byte{Bytes(1)};
  const auto one_way = StreamKind::unidirectional;
  return {
      PeerConnected{},
      with(&PeerConnected::request, {1}),
      with(&PeerConnected::connection, {1}),
      with(&PeerConnected::alpn, "a"),
      with(&PeerConnected::peer, some_device()),
      with(&PeerConnected::paired, true),
      ConnectFailed{},
      with(&ConnectFailed::request, {1}),
      with(&ConnectFailed::error, some_error()),
      ConnectionClosed{},
      with(&ConnectionClosed::connection, {1}),
      with(&ConnectionClosed::error, some_error()),
      with(&ConnectionClosed::application_code, 1),
      with(&ConnectionClosed::by_application, true),
      StreamOpened{},
      with(&StreamOpened::connection, {1}),
      with(&StreamOpened::stream, {1}),
      with(&StreamOpened::kind, one_way),
      StreamReady{},
      with(&StreamReady::connection, {1}),
      with(&StreamReady::tag, 1),
      with(&StreamReady::stream, {1}),
      BytesReceived{},
      with(&BytesReceived::connection, {1}),
      with(&BytesReceived::stream, {1}),
      with(&BytesReceived::bytes, byte),
      with(&BytesReceived::fin, true),
      StreamWritable{},
      with(&StreamWritable::connection, {1}),
      with(&StreamWritable::stream, {1}),
      StreamReset{},
      with(&StreamReset::connection, {1}),
      with(&StreamReset::stream, {1}),
      with(&StreamReset::code, 1),
      StreamStopped{},
      with(&StreamStopped::connection, {1}),
      with(&StreamStopped::stream, {1}),
      with(&StreamStopped::code, 1),
  };
}

std::vector<Input> inputs_that_differ_in_one_field() {
  static const Bytes kByte(1);
  std::vector<Input> inputs{
      DatagramsReceived{},
      with(&DatagramsReceived::socket, {1}),
      with(&DatagramsReceived::local, some_address()),
      with(&DatagramsReceived::remote, some_address()),
      with(&DatagramsReceived::interface, 1),
      with(&DatagramsReceived::ecn, Ecn::ect0),
      with(&DatagramsReceived::stride, 1),
      with(&DatagramsReceived::bytes, kByte),
      SocketOpened{},
      SocketOpened{{1}, {}},
      SocketOpened{{}, {.family = Address::Family::ipv6}},
      SocketOpened{{}, {.port = 1}},
      SocketOpened{{}, {.scope = 1}},
      SocketFailed{},
      SocketFailed{{1}, {}},
      SocketFailed{{}, some_error()},
      SocketFailed{{}, {ErrorCode::internal, "a", ""}},
      SocketFailed{{}, {ErrorCode::internal, "", "a"}},
      SocketWritable{},
      SocketWritable{{1}},
      TimerFired{},
      NetworkChanged{},
      NetworkChanged{{NetworkInterface{}}},
      NetworkChanged{{NetworkInterface{1, "", false, {}}}},
      NetworkChanged{{NetworkInterface{0, "a", false, {}}}},
      NetworkChanged{{NetworkInterface{0, "", true, {}}}},
      NetworkChanged{{NetworkInterface{0, "", false, {{some_address(), 0}}}}},
      NetworkChanged{{NetworkInterface{0, "", false, {{{}, 1}}}}},
      HostResolved{},
      HostResolved{{1}, {}},
      HostResolved{{}, tl::unexpected(some_error())},
      HostResolved{{}, std::vector<Address>{some_address()}},
      WallClock{},
      WallClock{-1},
      Entropy{},
      Entropy{{std::byte{1}}},
      StoreCompleted{},
      StoreCompleted{{1}, {}},
      StoreCompleted{{}, tl::unexpected(some_error())},
      FileCompleted{{}, FileDone{}},
      FileCompleted{{1}, FileDone{}},
      FileCompleted{{}, tl::unexpected(some_error())},
      FileCompleted{{}, FileInfo{}},
      FileCompleted{{}, with(&FileInfo::type, FileType::directory)},
      FileCompleted{{}, with(&FileInfo::size_bytes, 1)},
      FileCompleted{{}, with(&FileInfo::mode, 1)},
      FileCompleted{{}, with(&FileInfo::modified_ns, 1)},
      FileCompleted{{}, FileListing{}},
      FileCompleted{{}, FileListing{{"a", {}}}},
      FileCompleted{{}, FileListing{{"", {}}, {"", {}}}},
      FileCompleted{{}, SharedBytes()},
      FileCompleted{{}, SharedBytes(kByte)},
      ComputeCompleted{},
      ComputeCompleted{{1}, {}},
      ComputeCompleted{{}, {{}}},
  };
  const std::vector<Command> commands{
      Listen{},
      Listen{{1}, {}},
      Listen{{}, some_address()},
      StartPairing{},
      StartPairing{{1}},
      JoinPairing{},
      JoinPairing{{1}, {}, {}},
      JoinPairing{{}, {std::byte{1}}, {}},
      JoinPairing{{}, {}, {some_address()}},
      ConfirmPairing{},
      ConfirmPairing{{1}, false},
      ConfirmPairing{{}, true},
      Cancel{},
      Cancel{{1}},
      AddDeviceAddress{},
      AddDeviceAddress{some_device(), {}},
      AddDeviceAddress{{}, some_address()},
      RemoveDevice{},
      RemoveDevice{some_device()},
      BlockDevice{},
      BlockDevice{some_device()},
      ShareWithDevice{},
      ShareWithDevice{{1}, {}, {}, ""},
      ShareWithDevice{{}, some_device(), {}, ""},
      ShareWithDevice{{}, {}, {"ab"}, ""},
      ShareWithDevice{{}, {}, {"a", "b"}, ""},
      ShareWithDevice{{}, {}, {}, "a"},
      SetReceivePolicy{},
      SetReceivePolicy{SetReceivePolicy::Accept::ask, ""},
      SetReceivePolicy{SetReceivePolicy::Accept::none, "a"},
      AnswerTransfer{},
      AnswerTransfer{some_transfer(), false},
      AnswerTransfer{{}, true},
      CancelTransfer{},
      CancelTransfer{some_transfer()},
  };
  inputs.insert(inputs.end(), commands.begin(), commands.end());
  for (const Command& command : application_commands()) inputs.push_back(command);
  return inputs;
}

std::vector<Event> events_that_differ_in_one_field() {
  using std::chrono::seconds;
  const auto receiving = TransferDirection::receiving;
  return {
      Listening{},
      with(&Listening::request, {1}),
      with(&Listening::socket, {1}),
      with(&Listening::address, some_address()),
      RequestFailed{},
      with(&RequestFailed::request, {1}),
      with(&RequestFailed::error, some_error()),
      PairingCodeReady{},
      with(&PairingCodeReady::request, {1}),
      with(&PairingCodeReady::words, {"a"}),
      with(&PairingCodeReady::expires_in, seconds(1)),
      PairingConfirmationNeeded{},
      with(&PairingConfirmationNeeded::request, {1}),
      with(&PairingConfirmationNeeded::device, some_device()),
      with(&PairingConfirmationNeeded::name, "a"),
      with(&PairingConfirmationNeeded::fingerprint, "a"),
      Paired{},
      with(&Paired::request, {1}),
      with(&Paired::device, some_device()),
      with(&Paired::name, "a"),
      PairingFailed{},
      with(&PairingFailed::request, {1}),
      with(&PairingFailed::error, some_error()),
      DeviceChanged{},
      with(&DeviceChanged::device, with(&DeviceSummary::id, some_device())),
      with(&DeviceChanged::device, with(&DeviceSummary::name, "a")),
      with(&DeviceChanged::device, with(&DeviceSummary::state, DeviceState::blocked)),
      with(&DeviceChanged::device, with(&DeviceSummary::via, "a")),
      with(&DeviceChanged::device, with(&DeviceSummary::last_seen_ms, 1)),
      with(&DeviceChanged::removed, true),
      TransferStarted{},
      with(&TransferStarted::request, {1}),
      with(&TransferStarted::transfer, some_transfer()),
      with(&TransferStarted::device, some_device()),
      with(&TransferStarted::bytes_total, 1),
      TransferOffered{},
      with(&TransferOffered::transfer, some_transfer()),
      with(&TransferOffered::device, some_device()),
      with(&TransferOffered::items, {{}}),
      with(&TransferOffered::items, {with(&TransferItem::name, "a")}),
      with(&TransferOffered::items, {with(&TransferItem::directory, true)}),
      with(&TransferOffered::items, {with(&TransferItem::bytes, 1)}),
      with(&TransferOffered::items, {with(&TransferItem::files, 1)}),
      with(&TransferOffered::bytes_total, 1),
      with(&TransferOffered::decision_needed, true),
      TransferProgress{},
      with(&TransferProgress::transfer, some_transfer()),
      with(&TransferProgress::direction, receiving),
      with(&TransferProgress::bytes_done, 1),
      with(&TransferProgress::bytes_total, 1),
      with(&TransferProgress::rate_bps, 1),
      with(&TransferProgress::eta, Duration{}),
      with(&TransferProgress::eta, Duration{1}),
      ItemCompleted{},
      with(&ItemCompleted::transfer, some_transfer()),
      with(&ItemCompleted::direction, receiving),
      with(&ItemCompleted::path, "a"),
      with(&ItemCompleted::bytes, 1),
      with(&ItemCompleted::digest, {std::byte{1}}),
      with(&ItemCompleted::elapsed, seconds(1)),
      TransferCompleted{},
      with(&TransferCompleted::transfer, some_transfer()),
      with(&TransferCompleted::direction, receiving),
      with(&TransferCompleted::bytes, 1),
      with(&TransferCompleted::elapsed, seconds(1)),
      with(&TransferCompleted::skipped, 1),
      TransferFailed{},
      with(&TransferFailed::request, {1}),
      with(&TransferFailed::transfer, some_transfer()),
      with(&TransferFailed::direction, receiving),
      with(&TransferFailed::error, some_error()),
  };
}

std::vector<Output> outputs_that_differ_in_one_field() {
  static const Bytes kByte(1);
  const FilePath path{"a", ""};
  const FilePath other_path{"", "a"};
  std::vector<Output> outputs{
      OpenSocket{},
      OpenSocket{{1}, {}},
      OpenSocket{{}, some_address()},
      OpenSocket{{}, {}, true},
      JoinGroup{},
      JoinGroup{{1}, {}, 0},
      JoinGroup{{}, some_address(), 0},
      JoinGroup{{}, {}, 1},
      LeaveGroup{},
      LeaveGroup{{1}, {}, 0},
      LeaveGroup{{}, some_address(), 0},
      LeaveGroup{{}, {}, 1},
      ResolveHost{},
      ResolveHost{{1}, "", 0},
      ResolveHost{{}, "a", 0},
      ResolveHost{{}, "", 1},
      CloseSocket{},
      CloseSocket{{1}},
      StoreCommit{},
      StoreCommit{{1}, {}},
      StoreCommit{{}, {{"", std::nullopt}}},
      StoreCommit{{}, {{"a", std::nullopt}}},
      StoreCommit{{}, {{"", Bytes{}}}},
      FileStat{},
      FileStat{{1}, {}},
      FileStat{{}, path},
      FileStat{{}, other_path},
      FileList{},
      FileList{{1}, {}},
      FileList{{}, path},
      FileOpen{},
      with(&FileOpen::op, {1}),
      with(&FileOpen::handle, {1}),
      with(&FileOpen::path, path),
      with(&FileOpen::mode, FileOpen::Mode::create),
      FileRead{},
      with(&FileRead::op, {1}),
      with(&FileRead::handle, {1}),
      with(&FileRead::offset, 1),
      with(&FileRead::length, 1),
      FileWrite{},
      with(&FileWrite::op, {1}),
      with(&FileWrite::handle, {1}),
      with(&FileWrite::offset, 1),
      with(&FileWrite::data, SharedBytes(kByte)),
      FileSync{},
      FileSync{{1}, {}},
      FileSync{{}, {1}},
      FileSetAttributes{},
      with(&FileSetAttributes::op, {1}),
      with(&FileSetAttributes::handle, {1}),
      with(&FileSetAttributes::mode, 1),
      with(&FileSetAttributes::modified_ns, 1),
      FileClose{},
      FileClose{{1}, {}},
      FileClose{{}, {1}},
      FileRename{},
      with(&FileRename::op, {1}),
      with(&FileRename::from, path),
      with(&FileRename::to, path),
      FileMakeDirectory{},
      FileMakeDirectory{{1}, {}},
      FileMakeDirectory{{}, path},
      FileSetDirectoryAttributes{},
      with(&FileSetDirectoryAttributes::op, {1}),
      with(&FileSetDirectoryAttributes::path, path),
      with(&FileSetDirectoryAttributes::mode, 1),
      with(&FileSetDirectoryAttributes::modified_ns, 1),
      FileRemove{},
      FileRemove{{1}, {}},
      FileRemove{{}, path},
      DirectorySync{},
      DirectorySync{{1}, {}},
      DirectorySync{{}, path},
      Compute{},
      with(&Compute::id, {1}),
      with(&Compute::data, SharedBytes(kByte)),
      with(&Compute::pieces, {{}}),
      with(&Compute::pieces, {with(&HashPiece::piece_index, 1)}),
      with(&Compute::pieces, {with(&HashPiece::offset, 1)}),
      with(&Compute::pieces, {with(&HashPiece::length, 1)}),
      with(&Compute::pieces, {with(&HashPiece::whole_file, true)}),
  };
  for (const Event& event : events_that_differ_in_one_field()) outputs.push_back(event);
  for (const Event& event : application_events()) outputs.push_back(event);
  return outputs;
}

}  // namespace
}  // namespace kith::trace
