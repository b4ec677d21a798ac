#pragma once

// Reads a recording, one record at a time, from bytes that may be cut short, damaged, or of
// something else. What comes out is well-formed; whether an engine was really driven so is for a
// replay to find.

#include <cstdint>
#include <optional>
#include <string>
#include <tl/expected.hpp>

#include "engine/trace/recording.h"

namespace kith::trace {

// Where the bytes come from.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // Up to as many bytes as there is room; 0 at the end.
  virtual std::size_t read(std::span<std::byte> into) = 0;
};

// Why nothing more can be read. `message` is a sentence that follows the name of the file.
struct RecordingFault {
  enum class Kind {
    foreign,        // no recording of kith
    other_version,  // of the format or of the encoding in it
    truncated,      // ends before its end was written
    damaged,
  };
  Kind kind = Kind::damaged;
  std::uint64_t at_byte = 0;
  std::string message;
};

class RecordingReader {
 public:
  // `source` outlives the reader.
  explicit RecordingReader(ByteSource& source) : source_(source) {}

  // The next record; nothing after EndedRecord. What it holds of datagrams is valid until the next
  // call.
  tl::expected<std::optional<Record>, RecordingFault> next();

 private:
  using Fault = tl::unexpected<RecordingFault>;

  std::optional<Fault> read_head();
  // How many bytes there were, at most as many as asked for.
  std::size_t read(std::span<std::byte> into);
  tl::expected<ByteView, RecordingFault> read_frame();
  Fault fault(RecordingFault::Kind kind, std::string message) const;
  Fault damaged(std::string_view what) const;

  ByteSource& source_;
  std::uint64_t position_ = 0;
  std::uint64_t frame_at_ = 0;
  Bytes frame_;
  bool head_read_ = false;
  bool ended_ = false;
  std::optional<Instant> last_at_;
};

}  // namespace kith::trace
