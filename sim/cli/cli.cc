#include "sim/cli/cli.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/text.h"
#include "sim/capsule/capsule_file.h"
#include "sim/capsule/verdict.h"
#include "sim/cli/capsule_command.h"
#include "sim/cli/cost.h"
#include "sim/cli/device_recording.h"
#include "sim/cli/output_paths.h"
#include "sim/cli/print.h"
#include "sim/cli/progress.h"
#include "sim/cli/recordings.h"
#include "sim/cli/report_file.h"
#include "sim/cli/seconds_option.h"
#include "sim/cli/swarm_command.h"
#include "sim/cli/terminal.h"
#include "sim/scenario/decimal.h"
#include "sim/scenario/run.h"
#include "sim/swarm/swarm.h"

namespace kith::sim {
namespace {

namespace fs = std::filesystem;

// Any seed shows what a scenario is like.
constexpr std::uint64_t kListSeed = 1;

struct RunOptions {
  std::string scenario;
  std::string seed;
  std::string until;
  bool json = false;
  std::vector<std::string> record;  // a device and a file, or nothing
  std::string report;               // a file, or nothing
  std::string capsule;              // a file, or nothing
};

// Where the scenarios that ship lie: beside the installed program, or in the source tree.
std::vector<fs::path> shipped_scenarios() {
  std::error_code ignored;
  const fs::path program = fs::read_symlink("/proc/self/exe", ignored);
  std::vector<fs::path> found;
  for (const fs::path& directory :
       {program.parent_path() / "../share/kith/scenarios", fs::path(KITH_SIM_SCENARIOS)}) {
    for (const auto& entry : fs::directory_iterator(directory, ignored)) {
      if (entry.path().extension() == ".json") found.push_back(entry.path());
    }
    if (!found.empty()) break;
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::string path_of(const std::string& name_or_path) {
  std::error_code ignored;
  if (fs::exists(name_or_path, ignored)) return name_or_path;
  for (const fs::path& path : shipped_scenarios()) {
    if (path.stem() == name_or_path) return path.string();
  }
  return name_or_path;  // load_scenario says that there is no such file
}

// A file, a shipped scenario, or what a swarm makes of a seed: "swarm", "swarm:DEVICES".
Result<Scenario> load(const std::string& name, std::uint64_t seed, const Handlers& handlers) {
  if (means_swarm(name)) {
    const auto devices = swarm_devices(name);
    if (!devices) return tl::unexpected(devices.error());
    return swarm_scenario(seed, *devices, handlers);
  }
  if (is_capsule(name)) {
    return failure(ErrorCode::invalid_argument, printable(name) + " is a capsule: use replay.",
                   "expand prints the scenario that it holds.");
  }
  auto scenario = load_scenario(path_of(name), handlers, seed);
  if (!scenario && scenario.error().code == ErrorCode::not_found) {
    scenario.error().hint = "list names the scenarios that ship.";
  }
  return scenario;
}

Result<std::uint64_t> read_seed(const std::string& text) {
  const auto seed = parse_decimal(text, 0);
  if (seed && text.find('.') == std::string::npos) return *seed;
  return failure(ErrorCode::invalid_argument,
                 fmt::format("--seed {} is not a whole number below 2^64.", text));
}

// With a line about it where somebody can see it.
Report execute(Run& run, Duration end) {
  if (!StatusLine::visible()) return run.execute(end);
  Progress progress(run, end);
  return run.execute(end, [&progress] { progress.look(); });
}

// What a run reads and what it prints to must survive what it writes.
Result<void> check_outputs(const RunOptions& options) {
  std::vector<NamedFile> outputs;
  if (!options.record.empty()) outputs.push_back({"--record-device", options.record[1]});
  if (!options.report.empty()) outputs.push_back({"--report", options.report});
  if (!options.capsule.empty()) outputs.push_back({"--capsule", options.capsule});
  return sim::check_outputs(outputs, {{"the scenario", path_of(options.scenario)},
                                      {"standard output", "/dev/stdout"},
                                      {"standard error", "/dev/stderr"}});
}

// How a failed run can be seen again, said before anything that may go wrong itself.
int tell_failure(const RunOptions& options, const Scenario& scenario, Duration end,
                 const Report& report) {
  print(stderr, replay_hint(report, options.scenario, options.until));
  if (options.capsule.empty()) return kFailed;
  const auto written =
      write_capsule(capsule_of(scenario, report.seed, end, report), options.capsule);
  if (!written) return refuse(written.error());
  print(stderr, fmt::format("capsule: {}\n", options.capsule));
  return kFailed;
}

int run(const RunOptions& options, const Handlers& handlers) {
  const auto seed = read_seed(options.seed);
  if (!seed) return refuse(seed.error());
  const auto until = read_seconds("--until", options.until);
  if (!until) return refuse(until.error());
  const auto scenario = load(options.scenario, *seed, handlers);
  if (!scenario) return refuse(scenario.error());

  if (const auto distinct = check_outputs(options); !distinct) return refuse(distinct.error());
  if (!options.capsule.empty()) {
    if (const auto free = check_capsule_path(options.capsule); !free) return refuse(free.error());
  }

  Run world_run(*scenario, *seed);
  std::optional<DeviceRecording> recording;
  if (!options.record.empty()) {
    auto begun = DeviceRecording::begin(world_run.world(), options.record[0], options.record[1]);
    if (!begun) return refuse(begun.error());
    recording.emplace(std::move(*begun));
  }
  std::unique_ptr<ReportFile> page;
  if (!options.report.empty()) {
    auto begun = ReportFile::begin(world_run.world(), options.report);
    if (!begun) return refuse(begun.error());
    page = std::move(*begun);
  }
  const CostMeter meter;
  const Duration end = std::min(until->value_or(scenario->duration), scenario->duration);
  const Report report = execute(world_run, end);
  const Cost cost = meter.read();
  print(stdout, options.json ? to_json(report, cost) + "\n" : to_text(report, cost));
  int code = report.ok() ? kClean : tell_failure(options, *scenario, end, report);
  if (recording) {
    if (const auto written = recording->end(); !written) code = refuse(written.error());
  }
  if (page) {
    if (const auto written = page->end(report, *scenario); !written) code = refuse(written.error());
  }
  return code;
}

int print_explicit(const std::string& name, const std::string& seed_text,
                   const Handlers& handlers) {
  if (is_capsule(name)) return expand_capsule(name);
  if (seed_text.empty()) {
    return refuse({ErrorCode::invalid_argument, "--seed is required for what is no capsule.", ""});
  }
  const auto seed = read_seed(seed_text);
  if (!seed) return refuse(seed.error());
  const auto scenario = load(name, *seed, handlers);
  if (!scenario) return refuse(scenario.error());
  print(stdout, nlohmann::json::parse(scenario->document).dump(2) + "\n");
  return kClean;
}

// A recording of one engine, or a capsule of a whole run: the file says which.
int run_replay_command(const ReplayOptions& options, bool redact, const Handlers& handlers) {
  if (is_capsule(options.file)) {
    if (!redact) return replay_capsule(options, handlers);
    return refuse({ErrorCode::invalid_argument,
                   "--redact is for recordings: a capsule holds nothing of anyone real.", ""});
  }
  return redact ? redact_file(options.file) : replay_file(options);
}

int list(bool json, const Handlers& handlers) {
  for (const fs::path& path : shipped_scenarios()) {
    const auto scenario = load_scenario(path.string(), handlers, kListSeed);
    if (!scenario) return refuse(scenario.error());
    if (json) {
      print(stdout, nlohmann::ordered_json{{"scenario", scenario->name},
                                           {"devices", scenario->topology.devices.size()},
                                           {"path", path.string()},
                                           {"description", scenario->description}}
                            .dump() +
                        "\n");
    } else {
      print(stdout, fmt::format("{:<24} {:>5} devices  {}\n", scenario->name,
                                scenario->topology.devices.size(), scenario->description));
    }
  }
  return kClean;
}

int run_command_line(int argc, char** argv, const Handlers& handlers) {
  CLI::App app{"Runs devices of kith on a virtual network, clock and disk. One seed decides all."};
  app.require_subcommand(1);

  RunOptions options;
  CLI::App& run_command = *app.add_subcommand("run", "Run a scenario and judge it");
  run_command
      .add_option("SCENARIO", options.scenario, "A file, a shipped scenario, or swarm:DEVICES")
      ->required();
  run_command.add_option("--seed", options.seed, "What decides the run: 0 to 2^64 - 1")->required();
  run_command.add_option("--until", options.until, "End at this virtual second at the latest");
  run_command.add_flag("--json", options.json, "One JSON object on standard output");
  run_command
      .add_option("--record-device", options.record,
                  "Record a device, by name or number, to a new file for replay")
      ->type_name("DEVICE FILE")
      ->expected(2);
  run_command
      .add_option("--report", options.report,
                  "Write a page about the run for a browser, also if it fails")
      ->type_name("FILE");

  run_command
      .add_option("--capsule", options.capsule,
                  "If it fails, write the run to a new file for replay and shrink")
      ->type_name("FILE");

  CLI::App& expand_command = *app.add_subcommand(
      "expand", "Print what a seed makes of a scenario, or what a capsule holds");
  expand_command
      .add_option("SCENARIO", options.scenario,
                  "A file, a shipped scenario, swarm:DEVICES, or a capsule")
      ->required();
  expand_command.add_option("--seed", options.seed,
                            "What decides: 0 to 2^64 - 1; a capsule needs none");

  SwarmOptions swarm;
  CLI::App& swarm_command = *app.add_subcommand(
      "swarm",
      "Run many seeds, each a world of its own with everything drawn, or all one scenario");
  swarm_command.add_option("--seeds", swarm.seeds, "A range such as 1-100, or one seed")
      ->required();
  CLI::Option* one_scenario = swarm_command.add_option(
      "SCENARIO", swarm.scenario,
      "A file or a shipped scenario to run under every seed, instead of worlds that are drawn");
  swarm_command.add_option("--devices", swarm.devices, "In each world; even")
      ->capture_default_str()
      ->excludes(one_scenario);
  swarm_command.add_option("--jobs", swarm.jobs, "Processes")->capture_default_str();
  swarm_command.add_option("--time", swarm.time, "Begin no seed after so many seconds");
  swarm_command
      .add_flag("--must-hit", swarm.must_hit,
                "Fail unless every fault and kind of gateway took effect in some seed")
      ->excludes(one_scenario);
  swarm_command.add_flag("--json", swarm.json, "A JSON object for each seed, and one of all");

  swarm_command
      .add_option("--capsules", swarm.capsules,
                  "Write DIR/seed-N.capsule for every seed that fails, for replay and shrink")
      ->type_name("DIR");

  bool list_json = false;
  CLI::App& list_command = *app.add_subcommand("list", "List the scenarios that ship");
  list_command.add_flag("--json", list_json, "One JSON object for each");

  ReplayOptions replay;
  bool redact = false;
  CLI::App& replay_command = *app.add_subcommand(
      "replay", "Execute a recording, or run a capsule, again and compare what comes of it");
  replay_command
      .add_option("FILE", replay.file, "What kith --record, --record-device or --capsule wrote")
      ->required();
  CLI::Option* replay_as_json =
      replay_command.add_flag("--json", replay.json, "One JSON object on standard output");
  CLI::Option* replay_until = replay_command.add_option(
      "--until", replay.until,
      "Stop at this virtual second of a capsule, or so many seconds after a recording began");
  CLI::Option* replay_dump =
      replay_command
          .add_option("--dump", replay.dump,
                      "Print what a device, by name or number, has come to by then, as JSON")
          ->type_name("DEVICE");
  replay_command
      .add_flag("--redact", redact,
                "A recording: execute nothing and print a timeline without secrets, a JSON object "
                "for each step")
      ->excludes(replay_as_json)
      ->excludes(replay_until)
      ->excludes(replay_dump);

  ShrinkOptions shrink;
  CLI::App& shrink_command =
      *app.add_subcommand("shrink", "Make of a capsule a smaller one that fails in the same way");
  shrink_command.add_option("FILE", shrink.file, "A capsule")->required();
  shrink_command
      .add_option("--out", shrink.out, "Where to; beside FILE, as NAME.small.capsule, if absent")
      ->type_name("FILE");
  shrink_command.add_option("--time", shrink.time, "Begin no run after so many seconds");
  shrink_command.add_flag("--json", shrink.json, "One JSON object on standard output");

  // Otherwise the complaint would be that there is no command.
  const auto named = [&](const CLI::App* command) { return command->get_name() == argv[1]; };
  if (argc > 1 && argv[1][0] != '-' && app.get_subcommands(named).empty()) {
    return refuse({ErrorCode::invalid_argument,
                   fmt::format("unknown command {}.", printable(std::string_view(argv[1]))),
                   "--help names all commands."});
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& wrong) {
    return app.exit(wrong) == 0 ? kClean : kUnusable;
  }
  if (replay_command.parsed()) return run_replay_command(replay, redact, handlers);
  if (shrink_command.parsed()) return shrink_capsule(shrink, handlers);
  if (swarm_command.parsed()) {
    if (!swarm.scenario.empty()) swarm.scenario = path_of(swarm.scenario);
    return run_swarm_command(swarm, handlers);
  }
  if (expand_command.parsed()) return print_explicit(options.scenario, options.seed, handlers);
  return run_command.parsed() ? run(options, handlers) : list(list_json, handlers);
}

}  // namespace

int main(int argc, char** argv, const Handlers& handlers) {
  return ended(run_command_line(argc, argv, handlers));
}

}  // namespace kith::sim
