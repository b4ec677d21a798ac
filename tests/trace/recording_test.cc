// A recording as bytes: what reads back, and what is said of one that is cut, damaged or foreign.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "engine/base/byte_writer.h"
#include "engine/trace/recording_reader.h"
#include "engine/trace/recording_writer.h"

namespace kith::trace {
namespace {

using Kind = RecordingFault::Kind;
using testing::HasSubstr;

constexpr std::uint64_t kNoLimit = ~std::uint64_t{0};

struct Collecting : Sink {
  void append(ByteView piece) override {
    pieces.push_back(piece.size());
    bytes.insert(bytes.end(), piece.begin(), piece.end());
  }
  Bytes bytes;
  std::vector<std::size_t> pieces;
};

// Gives a byte more each time than the time before: the reader must not care.
class Slices : public ByteSource {
 public:
  explicit Slices(ByteView rest) : rest_(rest) {}
  std::size_t read(std::span<std::byte> into) override {
    const std::size_t count = std::min({into.size(), rest_.size(), ++slice_});
    std::copy_n(rest_.begin(), count, into.begin());
    rest_ = rest_.subspan(count);
    return count;
  }

 private:
  ByteView rest_;
  std::size_t slice_ = 0;
};

struct Outcome {
  std::vector<Record> records;
  std::optional<RecordingFault> fault;
};
Outcome read(ByteView recording);

Start some_start();
// A short life of an engine, as a driver tells it.
void tell(RecordingWriter& writer);
Collecting some_recording(std::uint64_t limit = kNoLimit);
// The recording with the frame at `index` replaced, its checksum made to match.
Bytes with_frame(const Collecting& recording, std::size_t index,
                 const std::function<void(Bytes& record)>& change);

TEST(Recording, reads_back_as_it_was_told) {
  const Outcome outcome = read(some_recording().bytes);
  EXPECT_FALSE(outcome.fault);
  ASSERT_EQ(outcome.records.size(), 7u);
  const auto& started = std::get<StartedRecord>(outcome.records[0].body);
  const Start start = some_start();
  EXPECT_EQ(outcome.records[0].at, Instant{5});
  EXPECT_EQ(started.config.device_name, start.config.device_name);
  EXPECT_EQ(started.key.bytes, start.key.bytes);
  EXPECT_EQ(started.restored, start.restored);
  EXPECT_EQ(started.seed, start.seed);
  EXPECT_EQ(started.unix_ms, start.unix_ms);
  EXPECT_NE(started.version, "");

  const auto& input = std::get<InputRecord>(outcome.records[1].body).input;
  EXPECT_EQ(std::get<WallClock>(input).unix_ms, 77);
  const auto& outputs = std::get<OutputsRecord>(outcome.records[2].body);
  EXPECT_TRUE(outputs.drained);
  ASSERT_EQ(outputs.outputs.size(), 2u);
  EXPECT_EQ(kind_name(outputs.outputs[0].kind), "CloseSocket");
  EXPECT_EQ(outputs.outputs[0].error, std::nullopt);
  EXPECT_EQ(kind_name(outputs.outputs[1].kind), "PairingFailed");
  EXPECT_EQ(outputs.outputs[1].error, ErrorCode::timed_out);
  const auto& datagrams = std::get<DatagramsRecord>(outcome.records[3].body);
  EXPECT_EQ(datagrams.socket, SocketId{3});
  EXPECT_EQ(datagrams.room, 2000u);
  EXPECT_EQ(datagrams.max_segments, 4u);
  EXPECT_EQ(datagrams.size, 100u);
  EXPECT_EQ(std::get<DatagramsRecord>(outcome.records[4].body).size, 0u);
  EXPECT_TRUE(std::holds_alternative<StoppedRecord>(outcome.records[5].body));
  const auto& ended = std::get<EndedRecord>(outcome.records[6].body);
  EXPECT_EQ(ended.end, RecordingEnd::stopped);
  EXPECT_EQ(ended.steps, 6u);
  EXPECT_EQ(first_half_of(ended.hash), outcome.records[5].hash);
}

// The simulator's hash of a run and that of a recording are one.
TEST(Recording, ends_with_the_trace_hash_of_the_run) {
  TraceHash trace;
  trace.recorder().started(0, Instant{5}, some_start());
  trace.recorder().input(0, Instant{6}, WallClock{77});
  trace.recorder().output(0, Instant{6}, CloseSocket{SocketId{1}});
  trace.recorder().output(0, Instant{6}, PairingFailed{{}, {ErrorCode::timed_out, "late", ""}});
  trace.recorder().output(0, Instant{6}, std::nullopt);
  const Bytes sent(100, std::byte{9});
  Transmit transmit;
  transmit.segment_size = transmit.size = sent.size();
  trace.recorder().datagrams(0, Instant{8}, {3}, 2000, 4, transmit, sent);
  trace.recorder().datagrams(0, Instant{8}, {3}, 2000, 4, std::nullopt, {});
  trace.recorder().stopped(0, Instant{9});
  const Outcome outcome = read(some_recording().bytes);
  EXPECT_EQ(std::get<EndedRecord>(outcome.records.back().body).hash, trace.digest());
}

TEST(Recording, that_is_cut_anywhere_gives_all_the_records_before) {
  const Collecting whole = some_recording();
  for (std::size_t length = 1; length < whole.bytes.size(); ++length) {
    const Outcome outcome = read(ByteView(whole.bytes).first(length));
    ASSERT_TRUE(outcome.fault) << length;
    EXPECT_EQ(outcome.fault->kind, Kind::truncated) << length;
    std::size_t end = 0;
    std::size_t complete = 0;  // pieces: the head of the file, then the records
    while (complete < whole.pieces.size() && end + whole.pieces[complete] <= length) {
      end += whole.pieces[complete++];
    }
    EXPECT_EQ(outcome.records.size(), complete == 0 ? 0 : complete - 1) << length;
  }
}

TEST(Recording, with_any_byte_changed_is_refused_there) {
  const Collecting whole = some_recording();
  const std::size_t records = whole.pieces.size() - 1;
  for (std::size_t at = 0; at < whole.bytes.size(); ++at) {
    Bytes changed = whole.bytes;
    changed[at] ^= std::byte{1};
    const Outcome outcome = read(changed);
    ASSERT_TRUE(outcome.fault) << at;
    EXPECT_LT(outcome.records.size(), records) << at;
  }
}

TEST(Recording, of_something_else_or_of_another_version_says_so) {
  const auto fault_of = [](ByteView bytes) { return read(bytes).fault.value_or(RecordingFault{}); };
  EXPECT_EQ(fault_of({}).kind, Kind::foreign);
  EXPECT_EQ(fault_of(as_byte_view("#!/bin/sh\necho not one\n")).kind, Kind::foreign);
  EXPECT_EQ(fault_of(as_byte_view("#")).kind, Kind::foreign);

  Bytes newer = some_recording().bytes;
  newer[11] = std::byte{2};
  EXPECT_EQ(fault_of(newer).kind, Kind::other_version);
  EXPECT_THAT(fault_of(newer).message, HasSubstr("format 2"));
}

TEST(Recording, with_something_behind_its_end_is_refused) {
  Bytes longer = some_recording().bytes;
  longer.push_back({});
  const Outcome outcome = read(longer);
  ASSERT_TRUE(outcome.fault);
  EXPECT_EQ(outcome.fault->kind, Kind::damaged);
  EXPECT_EQ(outcome.records.size(), 7u);
}

TEST(Recording, of_a_frame_longer_than_any_record_takes_no_memory_for_it) {
  Bytes bytes = some_recording().bytes;
  bytes.resize(kRecordingHeadBytes);
  ByteWriter frame;
  frame.u32(0xffffffff).u64(0);
  bytes.insert(bytes.end(), frame.view().begin(), frame.view().end());
  const Outcome outcome = read(bytes);
  ASSERT_TRUE(outcome.fault);
  EXPECT_EQ(outcome.fault->kind, Kind::damaged);
}

TEST(Recording, with_values_that_cannot_be_is_refused_though_its_checksum_is_right) {
  const Collecting recording = some_recording();
  // Whatever byte of a record is changed, reading it neither fails nor gives what is out of bounds.
  for (std::size_t index = 1; index < recording.pieces.size(); ++index) {
    for (std::size_t at = 0; at < recording.pieces[index] - kRecordHeadBytes; ++at) {
      const Outcome outcome = read(
          with_frame(recording, index, [at](Bytes& record) { record[at] ^= std::byte{0xff}; }));
      for (const Record& record : outcome.records) {
        if (const auto* polled = std::get_if<DatagramsRecord>(&record.body)) {
          EXPECT_GE(polled->room, 1500u);
          EXPECT_GE(polled->max_segments, 1u);
        }
      }
    }
  }
}

TEST(Recording, that_reaches_its_limit_ends_with_what_fitted) {
  const Collecting whole = some_recording();
  for (std::uint64_t limit = 0; limit < whole.bytes.size() + RecordingWriter::kEndRoomBytes;
       limit += 7) {
    Collecting sink;
    RecordingWriter writer(sink, limit);
    tell(writer);
    EXPECT_LE(sink.bytes.size(), limit);
    EXPECT_TRUE(writer.ended());
    if (!writer.reached_limit()) continue;
    if (sink.bytes.empty()) continue;  // not even room for the end
    const Outcome outcome = read(sink.bytes);
    ASSERT_FALSE(outcome.fault) << limit << ": " << outcome.fault->message;
    const auto& ended = std::get<EndedRecord>(outcome.records.back().body);
    EXPECT_EQ(ended.end, RecordingEnd::limit);
    EXPECT_EQ(ended.steps, outcome.records.size() - 1);
    if (ended.steps > 0) {
      EXPECT_EQ(first_half_of(ended.hash), outcome.records[outcome.records.size() - 2].hash);
    }
  }
  Collecting exact;
  RecordingWriter writer(exact, whole.bytes.size() + RecordingWriter::kEndRoomBytes);
  tell(writer);
  EXPECT_FALSE(writer.reached_limit());
}

TEST(Recording, says_when_outputs_were_left_waiting) {
  Collecting sink;
  RecordingWriter writer(sink, kNoLimit);
  writer.started(Instant{1}, some_start());
  writer.output(CloseSocket{});
  writer.datagrams(Instant{3}, {1}, 2000, 1, std::nullopt, {});
  writer.output(CloseSocket{});
  writer.end();
  const Outcome outcome = read(sink.bytes);
  ASSERT_EQ(outcome.records.size(), 5u);
  EXPECT_FALSE(std::get<OutputsRecord>(outcome.records[1].body).drained);
  EXPECT_TRUE(std::holds_alternative<DatagramsRecord>(outcome.records[2].body));
  EXPECT_FALSE(std::get<OutputsRecord>(outcome.records[3].body).drained);
}

// --- helpers ------------------------------------------------------------------------------------

Outcome read(ByteView recording) {
  Slices source(recording);
  RecordingReader reader(source);
  Outcome outcome;
  for (;;) {
    auto record = reader.next();
    if (!record) {
      outcome.fault = record.error();
      return outcome;
    }
    if (!*record) return outcome;
    outcome.records.push_back(std::move(**record));
  }
}

Start some_start() {
  static const Config config{.device_name = "ada"};
  static const MasterKey key{{std::byte{1}, std::byte{2}}};
  static const RestoredState restored{{"device/x", Bytes(40, std::byte{4})}};
  static const Seed seed{std::byte{3}};
  return {config, key, restored, seed, 1234};
}

void tell(RecordingWriter& writer) {
  writer.started(Instant{5}, some_start());
  writer.input(Instant{6}, WallClock{77});
  writer.output(CloseSocket{SocketId{1}});
  writer.output(PairingFailed{{}, {ErrorCode::timed_out, "late", ""}});
  writer.output(std::nullopt);
  const Bytes sent(100, std::byte{9});
  Transmit transmit;
  transmit.segment_size = transmit.size = sent.size();
  writer.datagrams(Instant{8}, {3}, 2000, 4, transmit, sent);
  writer.datagrams(Instant{8}, {3}, 2000, 4, std::nullopt, {});
  writer.stopped(Instant{9});
  writer.end();
}

Collecting some_recording(std::uint64_t limit) {
  Collecting sink;
  RecordingWriter writer(sink, limit);
  tell(writer);
  return sink;
}

Bytes with_frame(const Collecting& recording, std::size_t index,
                 const std::function<void(Bytes& record)>& change) {
  Bytes result;
  auto at = recording.bytes.begin();
  for (std::size_t i = 0; i < recording.pieces.size(); ++i) {
    const auto end = at + static_cast<std::ptrdiff_t>(recording.pieces[i]);
    if (i == index) {
      Bytes record(at + static_cast<std::ptrdiff_t>(kRecordHeadBytes), end);
      change(record);
      ByteWriter frame;
      frame.u32(static_cast<std::uint32_t>(record.size()));
      frame.bytes(checksum_of(record)).bytes(record);
      result.insert(result.end(), frame.view().begin(), frame.view().end());
    } else {
      result.insert(result.end(), at, end);
    }
    at = end;
  }
  return result;
}

}  // namespace
}  // namespace kith::trace
