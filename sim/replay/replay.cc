#include "sim/replay/replay.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "engine/base/text.h"

namespace kith::sim {
namespace {

using namespace trace;

std::string to_text(ByteView hash) { return to_hex(hash.first(8)); }

// The first of the outputs that differs, or that only one side has; if there is none, their bytes.
std::pair<std::string, std::string> difference(const std::vector<OutputSummary>& expected,
                                               const std::vector<OutputSummary>& actual) {
  const auto [one, other] =
      std::mismatch(expected.begin(), expected.end(), actual.begin(), actual.end());
  if (one == expected.end() && other == actual.end()) {
    return {fmt::format("{} outputs of certain bytes", expected.size()),
            "outputs of the same kinds and sizes with other bytes"};
  }
  const auto number = one - expected.begin() + 1;
  const auto describe = [number](const auto& outputs, const auto& at) {
    return at == outputs.end() ? fmt::format("no output {}", number)
                               : fmt::format("output {}: {}", number, to_string(*at));
  };
  return {describe(expected, one), describe(actual, other)};
}

std::string to_text(std::size_t size, std::size_t segment_size) {
  if (size == 0) return "no datagram";
  return fmt::format("datagrams of {} bytes in segments of {}", size, segment_size);
}

class Replay {
 public:
  Replay(RecordingReader& recording, Duration until, EngineLook look)
      : recording_(recording), until_(until), look_(std::move(look)) {}

  ReplayReport run() {
    while (!report_.divergence && !report_.end) {
      const auto record = recording_.next();
      if (!record) {
        report_.fault = record.error();
        break;
      }
      if (!begun_) begun_ = (*record)->at;
      if ((*record)->at - *begun_ > until_) {
        report_.stopped = true;
        now_ = *begun_ + until_;
        break;
      }
      now_ = (*record)->at;
      expected_ = (*record)->hash;
      std::visit([this](const auto& body) { on(body); }, (*record)->body);
      if (report_.divergence || report_.end) continue;
      ++report_.steps;
      report_.span = now_ - *begun_;
      report_.trace_hash = trace_.digest();
    }
    look_inside();
    // Something may follow the end.
    if (report_.end && !report_.divergence) {
      if (const auto more = recording_.next(); !more) report_.fault = more.error();
    }
    return std::move(report_);
  }

 private:
  void look_inside() const {
    if (engine_ && look_) look_(*engine_, now_);
  }

  void on(const StartedRecord& started) {
    if (engine_) return diverge("an engine runs and is given inputs", "another one is started");
    const auto& [version, config, key, restored, seed, unix_ms] = started;
    trace_.started(now_, {config, key, restored, seed, unix_ms});
    if (!as_recorded("what the engine was made of")) return;
    report_.version = version;
    report_.device = config.device_name;
    auto made = Engine::make(config, key, restored, seed, now_, unix_ms);
    if (!made) return diverge("an engine of this configuration", made.error().message);
    engine_.emplace(std::move(*made));
    drained_ = true;
  }

  void on(const InputRecord& record) {
    if (!engine_) return diverge("an engine that was started", "an input for none");
    if (!drained_) return diverge("outputs drained before the next input", "an input");
    trace_.input(now_, record.input);
    if (!as_recorded(fmt::format("{} as it was given", kind_name(kind_of(record.input))))) return;
    ++report_.inputs;
    engine_->handle(now_, record.input);
    drained_ = false;
  }

  void on(const OutputsRecord& record) {
    if (!engine_) return diverge("an engine that was started", "a poll of none");
    const std::size_t polls = record.outputs.size() + (record.drained ? 1 : 0);
    bool more = true;
    for (std::size_t poll = 0; poll < polls && more; ++poll) {
      const auto output = engine_->poll_output();
      more = output.has_value();
      trace_.output(now_, output);
    }
    drained_ = drained_ || !more;
    const auto outputs = trace_.take_outputs();
    if (is_as_recorded()) {
      report_.outputs += outputs.size();
      return;
    }
    auto [expected, actual] = difference(record.outputs, outputs);
    diverge(std::move(expected), std::move(actual));
  }

  void on(const DatagramsRecord& record) {
    if (!engine_) return diverge("an engine that was started", "a poll of none");
    buffer_.resize(std::max(buffer_.size(), record.room));
    const std::span<std::byte> room = std::span(buffer_).first(record.room);
    const auto transmit = engine_->poll_datagrams(now_, record.socket, room, record.max_segments);
    const std::size_t size = transmit ? transmit->size : 0;
    trace_.datagrams(now_, record.socket, record.room, record.max_segments, transmit,
                     room.first(size));
    if (is_as_recorded()) {
      report_.bytes_sent += size;
      return;
    }
    const std::string expected = to_text(record.size, record.segment_size);
    std::string actual = to_text(size, transmit ? transmit->segment_size : 0);
    if (actual == expected) actual = "as much, but other bytes, or for another address";
    diverge(expected, std::move(actual));
  }

  void on(const StoppedRecord&) {
    if (!engine_) return diverge("an engine that was started", "the end of none");
    trace_.stopped(now_);
    if (!as_recorded("the end of the engine")) return;
    look_inside();
    engine_.reset();
  }

  void on(const EndedRecord& record) {
    if (record.hash != trace_.digest() || record.steps != report_.steps) {
      return diverge(
          fmt::format("an end after {} steps with {}", record.steps, to_text(record.hash.bytes)),
          fmt::format("{} steps with {}", report_.steps, to_text(trace_.digest().bytes)));
    }
    report_.end = record.end;
  }

  bool is_as_recorded() { return first_half_of(trace_.digest()) == expected_; }

  // For what is known before the engine acts on it.
  bool as_recorded(const std::string& what) {
    if (is_as_recorded()) return true;
    diverge(fmt::format("{}, which makes the running hash {}", what, to_text(expected_)),
            fmt::format("{}: the recording was altered", to_text(first_half_of(trace_.digest()))));
    return false;
  }

  void diverge(std::string expected, std::string actual) {
    report_.divergence =
        Divergence{report_.steps + 1, now_ - *begun_, std::move(expected), std::move(actual)};
  }

  RecordingReader& recording_;
  Duration until_;
  EngineLook look_;
  ReplayReport report_;
  RunTrace trace_;
  std::optional<Engine> engine_;
  std::optional<Instant> begun_;
  Instant now_;
  RunningHash expected_{};
  bool drained_ = true;
  Bytes buffer_;
};

}  // namespace

ReplayReport replay(RecordingReader& recording, Duration until, EngineLook look) {
  return Replay(recording, until, std::move(look)).run();
}

}  // namespace kith::sim
