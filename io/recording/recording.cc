#include "io/recording/recording.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "engine/base/text.h"
#include "io/base/system_error.h"

namespace kith::io {

Result<std::unique_ptr<Recording>> Recording::create(const RecordingOptions& options) {
  UniqueFd fd(::open(options.path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd) {
    if (errno != EEXIST) return system_failure(errno, "record to", options.path);
    return failure(ErrorCode::already_exists,
                   fmt::format("Cannot record to {}: it exists already.", printable(options.path)),
                   "Name a file that does not exist.");
  }
  std::unique_ptr<Recording> recording(new Recording(std::move(fd), options));
  // Its first bytes show whether there is room at all.
  if (const auto failure = recording->file_.failure()) {
    ::unlink(options.path.c_str());
    return tl::unexpected(*failure);
  }
  return recording;
}

Recording::Recording(UniqueFd fd, const RecordingOptions& options)
    : file_(std::move(fd), options.path),
      on_ended_(options.on_ended),
      limit_bytes_(options.limit_bytes),
      writer_(file_, options.limit_bytes) {}

Recording::~Recording() { end(); }

void Recording::started(Instant at, const trace::Start& start) {
  writer_.started(at, start);
  notice_end();
}

void Recording::input(Instant at, const Input& input) {
  writer_.input(at, input);
  notice_end();
}

void Recording::output(const std::optional<Output>& output) {
  writer_.output(output);
  notice_end();
}

void Recording::datagrams(Instant at, SocketId socket, std::size_t room, std::size_t max_segments,
                          const std::optional<Transmit>& transmit, ByteView bytes) {
  writer_.datagrams(at, socket, room, max_segments, transmit, bytes);
  notice_end();
}

void Recording::end() {
  writer_.end();
  notice_end();
}

void Recording::notice_end() {
  if (file_.failure()) writer_.abandon();
  if (!on_ended_ || !writer_.ended()) return;
  RecordingReport report{writer_.steps(), writer_.trace_hash().bytes, std::nullopt};
  if (const auto& failure = file_.failure()) {
    report.early = Error{failure->code, "The recording ends here. " + failure->message,
                         "Everything else goes on."};
  } else if (writer_.reached_limit()) {
    report.early = Error{ErrorCode::limit_exceeded,
                         fmt::format("The recording {} ends here: it has reached its limit of {} "
                                     "bytes.",
                                     printable(file_.path()), limit_bytes_),
                         "Everything else goes on; what was recorded can be replayed."};
  }
  std::exchange(on_ended_, nullptr)(report);
}

void Recording::File::append(ByteView bytes) {
  while (!failure_ && !bytes.empty()) {
    const ssize_t count =
        retry_interrupted([&] { return ::write(fd_.get(), bytes.data(), bytes.size()); });
    if (count < 0) {
      failure_ = system_error(errno, "record to", path_);
      return;
    }
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
}

}  // namespace kith::io
