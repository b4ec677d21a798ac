#pragma once

// A recording on disk of what goes into one engine (schemas/trace.md). It holds the keys of the
// device and every byte it receives or reads, so only its owner may read it. Recording never harms
// the run: when it cannot go on, it says so once and ends.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "engine/trace/recording_writer.h"
#include "io/base/unique_fd.h"
#include "kith/engine.h"
#include "kith/io/recording_options.h"
#include "kith/result.h"

namespace kith::io {

class Recording {
 public:
  // Makes the file with mode 0600. Errors: already_exists, not_found (no such directory),
  // permission_denied, no_space, io_error.
  static Result<std::unique_ptr<Recording>> create(const RecordingOptions& options);

  // Ends the recording, if it has not ended.
  ~Recording();
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;

  // See trace::RecordingWriter.
  void started(Instant at, const trace::Start& start);
  void input(Instant at, const Input& input);
  void output(const std::optional<Output>& output);
  void datagrams(Instant at, SocketId socket, std::size_t room, std::size_t max_segments,
                 const std::optional<Transmit>& transmit, ByteView bytes);
  void end();

 private:
  // Each frame is one write: what a process that dies has recorded is in the hands of the system.
  class File : public trace::Sink {
   public:
    File(UniqueFd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}
    void append(ByteView bytes) override;
    const std::optional<Error>& failure() const { return failure_; }
    const std::string& path() const { return path_; }

   private:
    UniqueFd fd_;
    std::string path_;
    std::optional<Error> failure_;
  };

  Recording(UniqueFd fd, const RecordingOptions& options);
  void notice_end();

  File file_;
  std::function<void(const RecordingReport&)> on_ended_;
  std::uint64_t limit_bytes_;
  trace::RecordingWriter writer_;
};

}  // namespace kith::io
