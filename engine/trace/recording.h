#pragma once

// Recordings: everything that goes into one engine, in a file from which the run is executed again
// byte for byte. The format is in schemas/trace.md. This header has what writing and reading share;
// files are the business of whoever owns them.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/crypto/blake3.h"
#include "engine/trace/encode.h"
#include "engine/trace/recorder.h"
#include "engine/trace/trace_hash.h"
#include "kith/engine.h"

namespace kith::trace {

// The head of the file: magic, version (u32). A frame: length (u32), checksum, that many bytes.
inline constexpr std::string_view kRecordingMagic{"KITHREC\0", 8};
inline constexpr std::uint32_t kRecordingVersion = 1;
inline constexpr std::size_t kRecordingHeadBytes = 12;
inline constexpr std::size_t kChecksumBytes = 8;
inline constexpr std::size_t kRecordHeadBytes = 4 + kChecksumBytes;

// Above the largest input there is, a listing of a directory with a million names of 50 bytes.
inline constexpr std::size_t kMaxRecordBytes = std::size_t{128} << 20;

using Checksum = std::array<std::byte, kChecksumBytes>;
// Of the bytes of a frame, against damage.
Checksum checksum_of(ByteView frame);

using RunningHash = std::array<std::byte, 16>;
RunningHash first_half_of(const Digest& digest);

// What is kept of an output: enough to say how a replay differs, and nothing of its content.
struct OutputSummary {
  KindTag kind = 0;
  std::optional<ErrorCode> error;
  std::uint64_t size = 0;

  friend bool operator==(const OutputSummary&, const OutputSummary&) = default;
};
// "FileWrite of 1048612 bytes"
std::string to_string(const OutputSummary& output);

enum class RecordingEnd : std::uint8_t { stopped, limit };

struct StartedRecord {
  std::string version;
  Config config;
  MasterKey key;
  RestoredState restored;
  Seed seed{};
  std::int64_t unix_ms = 0;
};
struct InputRecord {
  Input input;
};
struct OutputsRecord {
  std::vector<OutputSummary> outputs;
  bool drained = false;
};
struct DatagramsRecord {
  SocketId socket;
  std::size_t room = 0;
  std::size_t max_segments = 0;
  std::size_t segment_size = 0;
  std::size_t size = 0;
};
struct StoppedRecord {};
struct EndedRecord {
  RecordingEnd end = RecordingEnd::stopped;
  std::uint64_t steps = 0;
  Digest hash;
};

struct Record {
  Instant at;
  RunningHash hash{};
  std::variant<StartedRecord, InputRecord, OutputsRecord, DatagramsRecord, StoppedRecord,
               EndedRecord>
      body;
};

// The trace hash of one engine and the summaries of its outputs: what a recording promises and a
// replay is held to.
class RunTrace {
 public:
  void started(Instant at, const Start& start) { recorder().started(0, at, start); }
  void input(Instant at, const Input& input) { recorder().input(0, at, input); }
  void output(Instant at, const std::optional<Output>& output);
  void datagrams(Instant at, SocketId socket, std::size_t room, std::size_t max_segments,
                 const std::optional<Transmit>& transmit, ByteView bytes) {
    recorder().datagrams(0, at, socket, room, max_segments, transmit, bytes);
  }
  void stopped(Instant at) { recorder().stopped(0, at); }

  // Of the outputs since this was last asked.
  std::vector<OutputSummary> take_outputs();
  bool has_outputs() const { return !outputs_.empty(); }

  Digest digest() { return hash_.digest(); }

 private:
  Recorder& recorder() { return hash_.recorder(); }

  TraceHash hash_;
  std::vector<OutputSummary> outputs_;
};

}  // namespace kith::trace
