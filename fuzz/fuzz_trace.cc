// A recording from anywhere: its first byte says whether the rest is a whole file, or an input in
// canonical encoding. What decodes must encode to the same bytes.

#include <algorithm>

#include "engine/base/check.h"
#include "engine/trace/decode.h"
#include "engine/trace/encode.h"
#include "engine/trace/recording_reader.h"

namespace kith::trace {
namespace {

class Memory : public ByteSource {
 public:
  explicit Memory(ByteView rest) : rest_(rest) {}
  std::size_t read(std::span<std::byte> into) override {
    const std::size_t count = std::min(into.size(), rest_.size());
    std::copy_n(rest_.begin(), count, into.begin());
    rest_ = rest_.subspan(count);
    return count;
  }

 private:
  ByteView rest_;
};

struct Collecting : Sink {
  void append(ByteView piece) override { bytes.insert(bytes.end(), piece.begin(), piece.end()); }
  Bytes bytes;
};

template <class T>
void check_encodes_to(const T& value, ByteView bytes) {
  Collecting sink;
  Encoder encoder(sink);
  encode(encoder, value);
  encoder.flush();
  KITH_CHECK(as_text(sink.bytes) == as_text(bytes));
}

void read_values(ByteView bytes) {
  if (const auto input = decode_input(bytes)) {
    check_encodes_to(*input, bytes);
    KITH_CHECK(kind_name(kind_of(*input)) != "unknown");
  }
  if (const auto config = decode_config(bytes)) check_encodes_to(*config, bytes);
  if (const auto restored = decode_restored(bytes)) check_encodes_to(*restored, bytes);
}

// Checksums would stop every change of a byte: they are made to match.
Bytes with_right_checksums(ByteView file) {
  Bytes fixed = to_bytes(file);
  std::size_t at = kRecordingHeadBytes;
  while (at + kRecordHeadBytes <= fixed.size()) {
    std::size_t length = 0;
    for (std::size_t i = 0; i < 4; ++i)
      length = length << 8 | std::to_integer<std::size_t>(fixed[at + i]);
    if (length > fixed.size() - at - kRecordHeadBytes) break;
    const Checksum checksum = checksum_of(ByteView(fixed).subspan(at + kRecordHeadBytes, length));
    std::copy(checksum.begin(), checksum.end(),
              fixed.begin() + static_cast<std::ptrdiff_t>(at + 4));
    at += kRecordHeadBytes + length;
  }
  return fixed;
}

void read_file(ByteView file) {
  Memory source(file);
  RecordingReader reader(source);
  std::uint64_t records = 0;
  for (auto record = reader.next(); record && *record; record = reader.next()) ++records;
  KITH_CHECK(records <= file.size());
}

}  // namespace
}  // namespace kith::trace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kith;
  if (size < 1) return 0;
  const ByteView rest = std::as_bytes(std::span(data + 1, size - 1));
  if (data[0] == 'i') {
    trace::read_values(rest);
  } else {
    trace::read_file(rest);
    trace::read_file(trace::with_right_checksums(rest));
  }
  return 0;
}
