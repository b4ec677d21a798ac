#include "engine/trace/recording_writer.h"

#include <vector>

#include "engine/base/byte_writer.h"
#include "generated/trace_generated.h"

namespace kith::trace {
namespace {

struct Collecting : Sink {
  void append(ByteView piece) override { bytes.insert(bytes.end(), piece.begin(), piece.end()); }
  Bytes bytes;
};

fbs::TraceRunningHash to_fbs(const RunningHash& hash) {
  std::array<std::uint8_t, 16> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = std::to_integer<std::uint8_t>(hash[i]);
  return fbs::TraceRunningHash(flatbuffers::span<const std::uint8_t, 16>(bytes));
}

fbs::TraceOutput to_fbs(const OutputSummary& output) {
  const auto error =
      output.error ? static_cast<std::uint8_t>(static_cast<int>(*output.error) + 1) : 0;
  return fbs::TraceOutput(output.kind, static_cast<std::uint8_t>(error), output.size);
}

}  // namespace

RecordingWriter::RecordingWriter(Sink& sink, std::uint64_t limit_bytes)
    : sink_(sink), limit_(limit_bytes) {
  if (kRecordingHeadBytes + kEndRoomBytes > limit_) {
    ended_ = reached_limit_ = true;
    return;
  }
  ByteWriter head;
  head.bytes(as_byte_view(kRecordingMagic));
  head.u32(kRecordingVersion);
  const Bytes bytes = std::move(head).take();
  written_ += bytes.size();
  sink_.append(bytes);
}

void RecordingWriter::started(Instant at, const Start& start) {
  if (ended_) return;
  trace_.started(at, start);
  const auto version = builder_.CreateString(KITH_VERSION);
  const auto config = encoded(start.config);
  const auto key = vector_of(start.key.bytes);
  const auto restored = encoded(start.restored);
  const auto seed = vector_of(start.seed);
  write(at, fbs::CreateTraceStarted(builder_, kEncodingVersion, version, config, key, restored,
                                    seed, start.unix_ms));
}

void RecordingWriter::input(Instant at, const Input& input) {
  if (ended_) return;
  if (trace_.has_outputs()) write_outputs(false);
  if (ended_) return;
  trace_.input(at, input);
  write(at, fbs::CreateTraceInput(builder_, encoded(input)));
}

void RecordingWriter::output(const std::optional<Output>& output) {
  if (ended_) return;
  trace_.output(last_at_, output);
  if (!output) write_outputs(true);
}

void RecordingWriter::datagrams(Instant at, SocketId socket, std::size_t room,
                                std::size_t max_segments, const std::optional<Transmit>& transmit,
                                ByteView bytes) {
  if (ended_) return;
  if (trace_.has_outputs()) write_outputs(false);
  if (ended_) return;
  trace_.datagrams(at, socket, room, max_segments, transmit, bytes);
  write(at, fbs::CreateTraceDatagrams(builder_, socket.value, room, max_segments,
                                      transmit ? transmit->segment_size : 0,
                                      transmit ? transmit->size : 0));
}

void RecordingWriter::stopped(Instant at) {
  if (ended_) return;
  if (trace_.has_outputs()) write_outputs(false);
  if (ended_) return;
  trace_.stopped(at);
  write(at, fbs::CreateTraceStopped(builder_));
}

void RecordingWriter::write_outputs(bool drained) {
  std::vector<fbs::TraceOutput> outputs;
  for (const OutputSummary& output : trace_.take_outputs()) outputs.push_back(to_fbs(output));
  const auto vector = builder_.CreateVectorOfStructs(outputs);
  write(last_at_, fbs::CreateTraceOutputs(builder_, vector, drained));
}

void RecordingWriter::end() {
  if (ended_) return;
  if (trace_.has_outputs()) write_outputs(false);
  if (!ended_) write_end(RecordingEnd::stopped);
}

// Of what was written: the record that no longer fitted is not part of the run.
void RecordingWriter::write_end(RecordingEnd how) {
  ended_ = true;
  reached_limit_ = how == RecordingEnd::limit;
  builder_.Clear();
  const auto hash = vector_of(last_digest_.bytes);
  const auto body =
      fbs::CreateTraceEnded(builder_, static_cast<fbs::TraceEnd>(how), steps_, hash).Union();
  const auto running = to_fbs(first_half_of(last_digest_));
  fbs::FinishTraceRecordBuffer(builder_, fbs::CreateTraceRecord(builder_, last_at_.ns, &running,
                                                                fbs::TraceBody::TraceEnded, body));
  write_frame(std::as_bytes(std::span(builder_.GetBufferPointer(), builder_.GetSize())));
}

template <class Table>
void RecordingWriter::write(Instant at, flatbuffers::Offset<Table> body) {
  const Digest digest = trace_.digest();
  const auto running = to_fbs(first_half_of(digest));
  fbs::FinishTraceRecordBuffer(
      builder_, fbs::CreateTraceRecord(builder_, at.ns, &running,
                                       fbs::TraceBodyTraits<Table>::enum_value, body.Union()));
  const ByteView record = std::as_bytes(std::span(builder_.GetBufferPointer(), builder_.GetSize()));
  if (record.size() > kMaxRecordBytes ||
      written_ + kRecordHeadBytes + record.size() + kEndRoomBytes > limit_) {
    return write_end(RecordingEnd::limit);
  }
  ++steps_;
  last_at_ = at;
  last_digest_ = digest;
  write_frame(record);
  builder_.Clear();
}

void RecordingWriter::write_frame(ByteView record) {
  ByteWriter head;
  head.u32(static_cast<std::uint32_t>(record.size()));
  head.bytes(checksum_of(record));
  frame_ = std::move(head).take();
  frame_.insert(frame_.end(), record.begin(), record.end());
  written_ += frame_.size();
  sink_.append(frame_);
}

flatbuffers::Offset<flatbuffers::Vector<std::uint8_t>> RecordingWriter::vector_of(ByteView bytes) {
  return builder_.CreateVector(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

template <class T>
flatbuffers::Offset<flatbuffers::Vector<std::uint8_t>> RecordingWriter::encoded(const T& value) {
  Collecting collecting;
  Encoder encoder(collecting);
  encode(encoder, value);
  encoder.flush();
  return vector_of(collecting.bytes);
}

}  // namespace kith::trace
