#include "engine/trace/recording_reader.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "engine/base/byte_reader.h"
#include "engine/base/text.h"
#include "engine/trace/decode.h"
#include "engine/trace/fields.h"
#include "generated/trace_generated.h"

namespace kith::trace {
namespace {

using Kind = RecordingFault::Kind;
using Body = decltype(Record::body);

// A frame grows by this much: a length that lies costs no memory for what is not there.
constexpr std::size_t kReadBytes = std::size_t{1} << 20;

// What poll_datagrams() needs, and more than any driver offers.
constexpr std::uint64_t kMinRoomBytes = 1500;
constexpr std::uint64_t kMaxRoomBytes = std::uint64_t{16} << 20;
constexpr std::uint64_t kMaxSegments = 1 << 16;

ByteView view_of(const flatbuffers::Vector<std::uint8_t>& bytes) {
  return std::as_bytes(std::span(bytes.data(), bytes.size()));
}

template <std::size_t N>
bool copy_exactly(ByteView from, std::array<std::byte, N>& to) {
  if (from.size() != N) return false;
  std::copy(from.begin(), from.end(), to.begin());
  return true;
}

std::optional<Body> to_body(const fbs::TraceStarted& table) {
  StartedRecord started;
  auto config = decode_config(view_of(*table.config()));
  auto restored = decode_restored(view_of(*table.restored()));
  if (!config || !restored) return std::nullopt;
  if (!copy_exactly(view_of(*table.key()), started.key.bytes)) return std::nullopt;
  if (!copy_exactly(view_of(*table.seed()), started.seed)) return std::nullopt;
  if (table.version() != nullptr) started.version = printable(table.version()->string_view());
  started.config = std::move(*config);
  started.restored = std::move(*restored);
  started.unix_ms = table.unix_ms();
  return started;
}

std::optional<Body> to_body(const fbs::TraceInput& table) {
  auto input = decode_input(view_of(*table.input()));
  if (!input) return std::nullopt;
  return InputRecord{std::move(*input)};
}

std::optional<Body> to_body(const fbs::TraceOutputs& table) {
  OutputsRecord record;
  record.drained = table.drained();
  if (table.outputs() == nullptr) return record;
  constexpr auto kErrors = static_cast<unsigned>(kLast<ErrorCode>) + 1;
  for (std::size_t i = 0; i < table.outputs()->size(); ++i) {
    // A forged recording may have them at any address: no verifier looks at that of an element.
    fbs::TraceOutput output;
    std::memcpy(&output, table.outputs()->Data() + i * sizeof(output), sizeof(output));
    if (output.error() > kErrors) return std::nullopt;
    OutputSummary& summary = record.outputs.emplace_back();
    summary.kind = output.kind();
    summary.size = output.size();
    if (output.error() > 0) summary.error = static_cast<ErrorCode>(output.error() - 1);
  }
  return record;
}

std::optional<Body> to_body(const fbs::TraceDatagrams& table) {
  if (table.room() < kMinRoomBytes || table.room() > kMaxRoomBytes) return std::nullopt;
  if (table.max_segments() < 1 || table.max_segments() > kMaxSegments) return std::nullopt;
  return DatagramsRecord{SocketId{table.socket()}, table.room(), table.max_segments(),
                         table.segment_size(), table.size()};
}

std::optional<Body> to_body(const fbs::TraceStopped&) { return StoppedRecord{}; }

std::optional<Body> to_body(const fbs::TraceEnded& table) {
  EndedRecord record;
  if (table.end() > fbs::TraceEnd::MAX) return std::nullopt;
  record.end = static_cast<RecordingEnd>(table.end());
  record.steps = table.steps();
  if (!copy_exactly(view_of(*table.hash()), record.hash.bytes)) return std::nullopt;
  return record;
}

std::optional<Body> body_of(const fbs::TraceRecord& record) {
  switch (record.body_type()) {
    case fbs::TraceBody::TraceStarted:
      return to_body(*record.body_as_TraceStarted());
    case fbs::TraceBody::TraceInput:
      return to_body(*record.body_as_TraceInput());
    case fbs::TraceBody::TraceOutputs:
      return to_body(*record.body_as_TraceOutputs());
    case fbs::TraceBody::TraceDatagrams:
      return to_body(*record.body_as_TraceDatagrams());
    case fbs::TraceBody::TraceStopped:
      return to_body(*record.body_as_TraceStopped());
    case fbs::TraceBody::TraceEnded:
      return to_body(*record.body_as_TraceEnded());
    case fbs::TraceBody::NONE:
      break;
  }
  return std::nullopt;
}

}  // namespace

tl::expected<std::optional<Record>, RecordingFault> RecordingReader::next() {
  if (!head_read_) {
    if (auto wrong = read_head()) return std::move(*wrong);
    head_read_ = true;
  }
  if (ended_) {
    std::array<std::byte, 1> more{};
    if (read(more) != 0) return damaged("something follows its end");
    return std::nullopt;
  }
  const auto frame = read_frame();
  if (!frame) return Fault(frame.error());

  flatbuffers::Verifier verifier(reinterpret_cast<const std::uint8_t*>(frame->data()),
                                 frame->size());
  if (!fbs::VerifyTraceRecordBuffer(verifier)) return damaged("it is no record");
  const fbs::TraceRecord& table = *fbs::GetTraceRecord(frame->data());
  if (const auto* started = table.body_as_TraceStarted()) {
    if (started->encoding() != kEncodingVersion) {
      return fault(
          Kind::other_version,
          fmt::format("was recorded by another version of kith: its values are in encoding "
                      "{}, and this program replays {}",
                      started->encoding(), kEncodingVersion));
    }
  }
  Record record;
  record.at = Instant{table.at_ns()};
  for (std::size_t i = 0; i < record.hash.size(); ++i) {
    record.hash[i] =
        static_cast<std::byte>(table.hash()->bytes()->Get(static_cast<flatbuffers::uoffset_t>(i)));
  }
  auto body = body_of(table);
  if (!body) return damaged("a value in it cannot be");
  if (last_at_ && record.at < *last_at_) return damaged("time goes back");
  last_at_ = record.at;
  record.body = std::move(*body);
  ended_ = std::holds_alternative<EndedRecord>(record.body);
  return record;
}

std::optional<RecordingReader::Fault> RecordingReader::read_head() {
  std::array<std::byte, kRecordingHeadBytes> head{};
  const std::size_t count = read(head);
  const ByteView magic = as_byte_view(kRecordingMagic);
  const std::size_t compared = std::min(count, magic.size());
  if (count == 0 || !std::equal(head.begin(), head.begin() + static_cast<std::ptrdiff_t>(compared),
                                magic.begin())) {
    return fault(Kind::foreign, "is not a recording of kith");
  }
  if (count < head.size()) return fault(Kind::truncated, "was cut short in its first bytes");
  ByteReader version(ByteView(head).subspan(magic.size()));
  const std::uint32_t found = *version.u32();
  if (found != kRecordingVersion) {
    return fault(Kind::other_version,
                 fmt::format("is a recording in format {}, and this program reads format {}", found,
                             kRecordingVersion));
  }
  return std::nullopt;
}

tl::expected<ByteView, RecordingFault> RecordingReader::read_frame() {
  constexpr std::string_view kCut = "ends before its end was written";
  frame_at_ = position_;
  std::array<std::byte, kRecordHeadBytes> head{};
  if (read(head) < head.size()) return fault(Kind::truncated, std::string(kCut));
  ByteReader reader(head);
  const std::uint32_t length = *reader.u32();
  if (length > kMaxRecordBytes) return damaged("it is longer than a record can be");
  frame_.clear();
  while (frame_.size() < length) {
    const std::size_t before = frame_.size();
    const std::size_t wanted = std::min(kReadBytes, length - before);
    frame_.resize(before + wanted);
    if (read(std::span(frame_).subspan(before)) < wanted) {
      return fault(Kind::truncated, std::string(kCut));
    }
  }
  const Checksum checksum = checksum_of(frame_);
  if (as_text(checksum) != as_text(reader.rest())) return damaged("its checksum does not match");
  return ByteView(frame_);
}

std::size_t RecordingReader::read(std::span<std::byte> into) {
  std::size_t filled = 0;
  while (filled < into.size()) {
    const std::size_t count = source_.read(into.subspan(filled));
    if (count == 0) break;
    filled += count;
  }
  position_ += filled;
  return filled;
}

RecordingReader::Fault RecordingReader::fault(Kind kind, std::string message) const {
  return Fault(RecordingFault{kind, frame_at_, std::move(message)});
}

RecordingReader::Fault RecordingReader::damaged(std::string_view what) const {
  return fault(Kind::damaged, fmt::format("is damaged: at byte {}, {}", frame_at_, what));
}

}  // namespace kith::trace
