#include "sim/cli/capsule_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "engine/base/text.h"
#include "generated/kith_commit.h"
#include "sim/capsule/capsule_file.h"
#include "sim/capsule/device_dump.h"
#include "sim/capsule/shrink.h"
#include "sim/capsule/verdict.h"
#include "sim/cli/interruption.h"
#include "sim/cli/seconds_option.h"
#include "sim/cli/status_line.h"
#include "sim/cli/terminal.h"
#include "sim/scenario/decimal.h"
#include "sim/scenario/run.h"
#include "sim/world/seconds.h"

namespace kith::sim {
namespace {

using Json = nlohmann::ordered_json;

std::string text_of(const Json& json, int indent = -1) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace) + "\n";
}

// Exact, as --until reads it.
std::string decimal_seconds(Duration duration) {
  constexpr std::int64_t kPerSecond = 1'000'000'000;
  return fmt::format("{}.{:09}", duration.count() / kPerSecond, duration.count() % kPerSecond);
}

// What a capsule holds, read as any scenario is.
struct Loaded {
  Capsule capsule;
  Scenario scenario;
};

// The kinds of steps that this program does not have, with commas between them.
std::string foreign_steps(const std::string& document, const Handlers& handlers) {
  const Json json = Json::parse(document, nullptr, /*allow_exceptions=*/false);
  std::set<std::string> kinds;
  if (json.is_object() && json.contains("workload")) {
    for (const Json& step : json["workload"]) {
      if (!step.is_object() || !step.contains("kind") || !step["kind"].is_string()) continue;
      const auto kind = step["kind"].get<std::string>();
      if (!handlers.steps.contains(kind)) kinds.insert(kind);
    }
  }
  return fmt::format("{}", fmt::join(kinds, ", "));
}

Result<Loaded> load(const std::string& file, const Handlers& handlers) {
  auto capsule = read_capsule(file);
  if (!capsule) return tl::unexpected(capsule.error());
  auto scenario = parse_scenario(file, capsule->document, handlers, capsule->seed);
  if (!scenario) {
    const std::string foreign = foreign_steps(capsule->document, handlers);
    if (foreign.empty()) return tl::unexpected(scenario.error());
    return failure(ErrorCode::invalid_argument,
                   fmt::format("{} was written by a program with steps of its own: {}.",
                               printable(file), printable(foreign)),
                   "That program can run it.");
  }
  scenario->name = capsule->scenario;
  return Loaded{std::move(*capsule), std::move(*scenario)};
}

Json to_json(const std::vector<Failure>& failures) {
  Json list = Json::array();
  for (const Failure& each : failures) {
    list.push_back({{"name", each.name}, {"value", each.value}});
    if (each.kind == Failure::Kind::violation) list.back()["at_s"] = seconds_of(each.at);
  }
  return list;
}

// --- replay -------------------------------------------------------------------------------------

// What came of a capsule that was run again.
struct Replay {
  bool compared = false;  // it ran to its end
  std::vector<std::string> differences;
  std::optional<Report> report;  // absent after a death
  std::optional<Json> device;

  int exit_code() const { return differences.empty() ? kClean : kFailed; }
};

Result<Replay> run_again(const Loaded& loaded, Duration until, const std::string& device) {
  Run run(loaded.scenario, loaded.capsule.seed);
  Device* dumped = nullptr;
  std::optional<DeviceHistory> history;
  if (!device.empty()) {
    dumped = find_device(run.world(), device);
    if (dumped == nullptr) {
      return failure(ErrorCode::not_found, fmt::format("--dump: there is no {}.", device));
    }
    run.world().add_observer(history.emplace(dumped->index()));
  }
  Replay replay;
  replay.report = run.execute(until);
  replay.compared = until >= loaded.capsule.until;
  if (replay.compared) replay.differences = differences(loaded.capsule, *replay.report);
  if (dumped != nullptr) replay.device = dump_device(run.world(), *dumped, *history);
  return replay;
}

// A run that once ended its process may do so again: it has one of its own.
Result<Replay> die_again(const Loaded& loaded) {
  const Capsule& capsule = loaded.capsule;
  const auto trial = run_apart(loaded.scenario, capsule.seed, capsule.until, /*quiet=*/false);
  if (!trial) return tl::unexpected(trial.error());
  Replay replay;
  replay.compared = true;
  replay.differences = differences_of_death(capsule, trial->death);
  return replay;
}

Json to_json(const Capsule& capsule, const Replay& replay) {
  Json json{{"scenario", capsule.scenario}, {"seed", capsule.seed}, {"commit", capsule.commit}};
  json["same"] = replay.compared ? Json(replay.differences.empty()) : Json(nullptr);
  json["differences"] = replay.differences;
  json["failures"] = to_json(capsule.failures);
  if (replay.report) {
    json["virtual_s"] = seconds_of(replay.report->virtual_time);
    json["events"] = replay.report->events;
    json["trace_hash"] = replay.report->trace_hash.to_hex();
  }
  if (replay.device) json["device"] = *replay.device;
  return json;
}

std::string to_text(const Capsule& capsule, const Replay& replay) {
  std::string text = fmt::format("{}, seed {}, of commit {}\n", printable(capsule.scenario),
                                 capsule.seed, printable(capsule.commit));
  if (replay.report) {
    text += fmt::format("{:.3f} virtual seconds, {} events\ntrace hash {}\n",
                        seconds_of(replay.report->virtual_time), replay.report->events,
                        replay.report->trace_hash.to_hex());
  }
  if (!replay.compared) return text + "stopped before its end: nothing was compared\n";
  for (const Failure& each : capsule.failures) {
    text += fmt::format("failure     {}: {}\n", printable(each.name), printable(each.value));
  }
  if (replay.differences.empty()) return text + "failed again in the same way\n";
  for (const std::string& each : replay.differences) text += fmt::format("differs     {}\n", each);
  if (capsule.commit != KITH_COMMIT) {
    text += fmt::format("This {} is of commit {}, which may run otherwise.\n", program_name(),
                        KITH_COMMIT);
  }
  return text;
}

// --- shrink -------------------------------------------------------------------------------------

// A death says most, then a violation.
const Failure& chosen(const std::vector<Failure>& failures) {
  const auto worse = [](const Failure& one, const Failure& other) {
    const auto rank = [](const Failure& failure) {
      return failure.kind == Failure::Kind::death       ? 0
             : failure.kind == Failure::Kind::violation ? 1
                                                        : 2;
    };
    return rank(one) < rank(other);
  };
  return *std::min_element(failures.begin(), failures.end(), worse);
}

std::string out_path(const ShrinkOptions& options) {
  if (!options.out.empty()) return options.out;
  std::filesystem::path path(options.file);
  path.replace_filename(path.stem().string() + ".small.capsule");
  return path.string();
}

RunTrial trial_for(const Failure& failure) {
  if (failure.kind != Failure::Kind::death) return run_here;
  return [](const Scenario& scenario, std::uint64_t seed, Duration until) {
    auto trial = run_apart(scenario, seed, until, /*quiet=*/true);
    return trial ? std::move(*trial) : Trial{};
  };
}

Json to_json(const RunSize& size) {
  return {{"devices", size.devices},
          {"faults", size.faults},
          {"steps", size.steps},
          {"virtual_s", seconds_of(size.virtual_time)},
          {"events", size.events}};
}

std::string to_text(std::string_view title, const RunSize& size) {
  return fmt::format("{:<7} {:>6} devices {:>6} faults {:>6} steps {:>10.3f} s {:>10} events\n",
                     title, size.devices, size.faults, size.steps, seconds_of(size.virtual_time),
                     size.events);
}

Capsule capsule_of(const Loaded& loaded, const Shrunk& shrunk, const Handlers& handlers) {
  const std::uint64_t seed = loaded.capsule.seed;
  // It was read before, or it would not have been run.
  Scenario scenario = *parse_scenario("shrunk.json", shrunk.document, handlers, seed);
  scenario.name = loaded.capsule.scenario;
  if (!shrunk.trial.death.empty()) {
    return capsule_of_death(scenario, seed, shrunk.until, shrunk.trial.death);
  }
  return sim::capsule_of(scenario, seed, shrunk.until, shrunk.trial.report);
}

void print_shrunk(const Shrunk& shrunk, const Failure& kept, const std::string& out, bool json) {
  if (json) {
    return print(stdout, text_of({{"failure", kept.name},
                                  {"before", to_json(shrunk.before)},
                                  {"after", to_json(shrunk.after)},
                                  {"runs", shrunk.trials},
                                  {"finished", shrunk.finished},
                                  {"capsule", out}}));
  }
  print(stdout, fmt::format("kept: {}\n", printable(kept.name)) + to_text("before", shrunk.before) +
                    to_text("after", shrunk.after) +
                    fmt::format("{} runs{}; written to {}\n", shrunk.trials,
                                shrunk.finished ? "" : ", stopped before its end", printable(out)));
}

}  // namespace

int replay_capsule(const ReplayOptions& options, const Handlers& handlers) {
  const auto until = read_seconds("--until", options.until);
  if (!until) return refuse(until.error());
  const auto loaded = load(options.file, handlers);
  if (!loaded) return refuse(loaded.error());
  const Capsule& capsule = loaded->capsule;
  const bool looks_inside = *until || !options.dump.empty();
  const auto replay =
      capsule.died() && !looks_inside
          ? die_again(*loaded)
          : run_again(*loaded, std::min(until->value_or(capsule.until), capsule.until),
                      options.dump);
  if (!replay) return refuse(replay.error());
  if (options.json) {
    print(stdout, text_of(to_json(capsule, *replay)));
  } else {
    if (replay->device) print(stdout, text_of(*replay->device, 2));
    print(replay->device ? stderr : stdout, to_text(capsule, *replay));
  }
  return replay->exit_code();
}

int shrink_capsule(const ShrinkOptions& options, const Handlers& handlers) {
  const auto time = read_seconds("--time", options.time);
  if (!time) return refuse(time.error());
  const std::string out = out_path(options);
  if (const auto free = check_capsule_path(out); !free) return refuse(free.error());
  const auto loaded = load(options.file, handlers);
  if (!loaded) return refuse(loaded.error());
  const Capsule& capsule = loaded->capsule;
  const Failure& kept = chosen(capsule.failures);
  const auto begun = std::chrono::steady_clock::now();
  const Interruption interruption;
  StatusLine line;
  std::uint64_t runs = 1;
  const auto goes_on = [&] {
    const auto elapsed = std::chrono::steady_clock::now() - begun;
    if (StatusLine::visible() && line.due()) {
      line.show(fmt::format("{} runs, {:.0f} s", runs, seconds_of(Duration(elapsed))));
    }
    ++runs;
    return !interruption.seen() && (!*time || elapsed < **time);
  };
  const auto shrunk = shrink({capsule.document, capsule.seed, capsule.until, kept, handlers},
                             trial_for(kept), goes_on);
  line.erase();
  if (!shrunk) {
    refuse(shrunk.error());
    return kFailed;
  }
  if (const auto written = write_capsule(capsule_of(*loaded, *shrunk, handlers), out); !written) {
    return refuse(written.error());
  }
  print_shrunk(*shrunk, kept, out, options.json);
  return kClean;
}

int expand_capsule(const std::string& file) {
  const auto capsule = read_capsule(file);
  if (!capsule) return refuse(capsule.error());
  const Json document = Json::parse(capsule->document, nullptr, /*allow_exceptions=*/false);
  if (document.is_discarded()) {
    return refuse({ErrorCode::corrupt, printable(file) + " holds no JSON.", ""});
  }
  print(stdout, text_of(document, 2));
  print(stderr, fmt::format("It was run with --seed {} --until {}.\n", capsule->seed,
                            decimal_seconds(capsule->until)));
  return kClean;
}

}  // namespace kith::sim
