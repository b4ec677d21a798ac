#include "sim/cli/recordings.h"

#include <fmt/core.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "engine/base/text.h"
#include "sim/capsule/engine_dump.h"
#include "sim/cli/seconds_option.h"
#include "sim/cli/terminal.h"
#include "sim/replay/file_source.h"
#include "sim/replay/redact.h"
#include "sim/replay/replay.h"
#include "sim/world/seconds.h"

namespace kith::sim {
namespace {

using Json = nlohmann::ordered_json;
using trace::RecordingFault;

// To the microsecond, so that lines stay short.
double rounded_seconds(Duration duration) { return std::round(seconds_of(duration) * 1e6) / 1e6; }

// The end of a program that was killed was never written: that is no damage.
std::string sentence(const std::string& path, const RecordingFault& fault) {
  std::string text = fmt::format("{} {}.", printable(path), fault.message);
  if (fault.kind == RecordingFault::Kind::truncated) {
    text += " The program that recorded it was killed, or the file was cut.";
  }
  return text;
}

std::string sentence(const Divergence& divergence, const std::string& version) {
  return fmt::format(
      "Step {}, {:.6f} s after the start, is not what was recorded.\n"
      "  expected: {}\n"
      "  got:      {}\n"
      "Unless the recording was altered this engine behaves otherwise than the one that recorded, "
      "kith {}.",
      divergence.step, rounded_seconds(divergence.at), divergence.expected, divergence.actual,
      version);
}

std::string_view end_of(const ReplayReport& report) {
  if (report.stopped) return "until";
  if (!report.end) return "cut";
  return *report.end == trace::RecordingEnd::limit ? "limit" : "stopped";
}

Json to_json(const ReplayReport& report, const std::optional<Json>& inside) {
  Json json;
  json["recorded_by"] = report.version;
  json["steps"] = report.steps;
  json["inputs"] = report.inputs;
  json["outputs"] = report.outputs;
  json["bytes_sent"] = report.bytes_sent;
  json["span_s"] = rounded_seconds(report.span);
  json["trace_hash"] = report.trace_hash.to_hex();
  json["end"] = end_of(report);
  json["diverged"] = nullptr;
  if (const auto& divergence = report.divergence) {
    json["diverged"] = Json{{"step", divergence->step},
                            {"at_s", rounded_seconds(divergence->at)},
                            {"expected", divergence->expected},
                            {"actual", divergence->actual}};
  }
  json["fault"] = nullptr;
  if (report.fault) json["fault"] = report.fault->message;
  if (inside) json["device"] = *inside;
  return json;
}

std::string to_text(const ReplayReport& report) {
  std::string text = fmt::format(
      "{} steps of kith {}: {} inputs, {} outputs, {} bytes sent, {:.3f} s\n"
      "trace hash {}\n",
      report.steps, report.version, report.inputs, report.outputs, report.bytes_sent,
      rounded_seconds(report.span), report.trace_hash.to_hex());
  if (report.end == trace::RecordingEnd::limit) {
    text += "The recording ends at its limit; the run went on.\n";
  }
  if (report.stopped) text += "stopped before the end of the recording\n";
  return text;
}

}  // namespace

int replay_file(const ReplayOptions& options) {
  const std::string& path = options.file;
  const auto until = read_seconds("--until", options.until);
  if (!until) return refuse(until.error());
  auto file = FileSource::open(path);
  if (!file) return refuse(file.error());
  trace::RecordingReader reader(*file);
  std::optional<Json> inside;
  const EngineLook look = [&inside](const Engine& engine, Instant now) {
    inside = Json{{"id", engine.id().to_hex()}};
    inside->update(dump_engine(engine, now));
  };
  const bool dumps = !options.dump.empty();
  const ReplayReport report =
      replay(reader, until->value_or(Duration::max()), dumps ? look : nullptr);
  // Its only device is number 0.
  if (dumps && report.steps > 0 && options.dump != report.device && options.dump != "0") {
    return refuse({ErrorCode::not_found,
                   fmt::format("--dump: there is no {}; {} is of {}.", printable(options.dump),
                               printable(path), printable(report.device)),
                   ""});
  }
  if (options.json) {
    print(stdout, to_json(report, inside).dump() + "\n");
  } else if (report.steps > 0) {
    if (inside) print(stdout, inside->dump(2) + "\n");
    print(inside ? stderr : stdout, to_text(report));
  }
  if (report.divergence) {
    complain(sentence(*report.divergence, report.version));
    return kFailed;
  }
  if (!report.fault) return kClean;
  complain(sentence(path, *report.fault));
  return kUnusable;
}

int redact_file(const std::string& path) {
  auto file = FileSource::open(path);
  if (!file) return refuse(file.error());
  trace::RecordingReader reader(*file);
  Redactor redactor;
  auto record = reader.next();
  for (; record && *record && std::ferror(stdout) == 0; record = reader.next()) {
    const std::string line = redactor.line(**record) + "\n";
    std::fputs(line.c_str(), stdout);
  }
  if (!record) return refuse({ErrorCode::corrupt, sentence(path, record.error()), ""});
  return kClean;
}

}  // namespace kith::sim
