#pragma once

// Writes a recording, a frame for each call of the engine, to a sink that takes whole frames:
//
//   started()  before the constructor     input()      before handle()
//   output()   after each poll_output()   datagrams()  after each poll_datagrams()
//
// Inputs are written before the engine sees them, so that the one it dies of is there. After the
// end, its own or that of the limit, calls do nothing.

#include <flatbuffers/flatbuffers.h>

#include <cstdint>
#include <optional>

#include "engine/trace/encoder.h"
#include "engine/trace/recording.h"

namespace kith::trace {

class RecordingWriter {
 public:
  // Never gives the sink more than `limit_bytes` in all, of which the end takes kEndRoomBytes.
  RecordingWriter(Sink& sink, std::uint64_t limit_bytes);
  RecordingWriter(const RecordingWriter&) = delete;
  RecordingWriter& operator=(const RecordingWriter&) = delete;

  static constexpr std::uint64_t kEndRoomBytes = 256;

  void started(Instant at, const Start& start);
  void input(Instant at, const Input& input);
  // Polling outputs takes no time: they have that of the call before.
  void output(const std::optional<Output>& output);
  void datagrams(Instant at, SocketId socket, std::size_t room, std::size_t max_segments,
                 const std::optional<Transmit>& transmit, ByteView bytes);
  void stopped(Instant at);

  void end();
  // The sink has failed: nothing more is written.
  void abandon() { ended_ = true; }

  bool ended() const { return ended_; }
  bool reached_limit() const { return reached_limit_; }
  // Of what was written, the end aside.
  std::uint64_t steps() const { return steps_; }
  const Digest& trace_hash() const { return last_digest_; }

 private:
  template <class Table>
  void write(Instant at, flatbuffers::Offset<Table> body);
  void write_frame(ByteView record);
  void write_outputs(bool drained);
  void write_end(RecordingEnd how);
  flatbuffers::Offset<flatbuffers::Vector<std::uint8_t>> vector_of(ByteView bytes);
  template <class T>
  flatbuffers::Offset<flatbuffers::Vector<std::uint8_t>> encoded(const T& value);

  Sink& sink_;
  std::uint64_t limit_;
  std::uint64_t written_ = 0;
  // Of the records that were written.
  std::uint64_t steps_ = 0;
  Instant last_at_;
  Digest last_digest_;
  bool ended_ = false;
  bool reached_limit_ = false;
  RunTrace trace_;
  flatbuffers::FlatBufferBuilder builder_;
  Bytes frame_;
};

}  // namespace kith::trace
