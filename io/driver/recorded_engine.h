#pragma once

// The one place where a driver calls its engine: each call that can change it is recorded, if
// recording was asked for.

#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "io/recording/recording.h"
#include "kith/engine.h"

namespace kith::io {

class RecordedEngine {
 public:
  // `recording` has the start of the engine, or is none.
  explicit RecordedEngine(Engine engine, std::unique_ptr<Recording> recording = nullptr)
      : engine_(std::move(engine)), recording_(std::move(recording)) {}

  void handle(Instant now, const Input& input) {
    if (recording_) recording_->input(now, input);
    engine_.handle(now, input);
  }

  std::optional<Output> poll_output() {
    auto output = engine_.poll_output();
    if (recording_) recording_->output(output);
    return output;
  }

  std::optional<Transmit> poll_datagrams(Instant now, SocketId socket, std::span<std::byte> out,
                                         std::size_t max_segments) {
    const auto transmit = engine_.poll_datagrams(now, socket, out, max_segments);
    if (recording_) {
      const ByteView bytes = out.first(transmit ? transmit->size : 0);
      recording_->datagrams(now, socket, out.size(), max_segments, transmit, bytes);
    }
    return transmit;
  }

  // What does not change it.
  const Engine& get() const { return engine_; }

  void end_recording() { recording_.reset(); }

 private:
  Engine engine_;
  std::unique_ptr<Recording> recording_;
};

}  // namespace kith::io
