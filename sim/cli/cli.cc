#include "sim/cli/cli.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "sim/cli/print.h"
#include "sim/cli/recordings.h"
#include "sim/scenario/decimal.h"
#include "sim/scenario/run.h"

namespace kith::sim {
namespace {

namespace fs = std::filesystem;

constexpr int kClean = 0;
constexpr int kFailed = 1;
constexpr int kUsage = 2;

struct RunOptions {
  std::string scenario;
  std::string seed;
  std::string until;
  bool json = false;
};

void print(std::FILE* to, const std::string& text) {
  std::fputs(text.c_str(), to);
  std::fflush(to);
}

int refuse(const Error& error) {
  print(stderr, fmt::format("kith-sim: {}\n", error.message));
  if (!error.hint.empty()) print(stderr, error.hint + "\n");
  return kUsage;
}

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

double wall_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

int run(const RunOptions& options, const Handlers& handlers) {
  const auto seed = parse_decimal(options.seed, 0);
  if (!seed || options.seed.find('.') != std::string::npos) {
    return refuse({ErrorCode::invalid_argument,
                   fmt::format("--seed {} is not a whole number below 2^64.", options.seed), ""});
  }
  constexpr std::uint64_t kMostNs = 1ull << 62;
  const auto until =
      options.until.empty() ? std::optional(kMostNs) : parse_decimal(options.until, 9);
  if (!until || *until > kMostNs) {
    return refuse({ErrorCode::invalid_argument,
                   fmt::format("--until {} is not a number of virtual seconds.", options.until),
                   ""});
  }
  const std::string path = path_of(options.scenario);
  const auto scenario = load_scenario(path, handlers);
  if (!scenario) return refuse(scenario.error());

  const double wall_before = wall_seconds();
  const double cpu_before = cpu_seconds();
  const Report report = Run(*scenario, *seed).execute(Duration{static_cast<std::int64_t>(*until)});
  const Cost cost{wall_seconds() - wall_before, cpu_seconds() - cpu_before};
  print(stdout, options.json ? to_json(report, cost) + "\n" : to_text(report, cost));
  if (report.ok()) return kClean;
  print(stderr, replay_hint(report, options.scenario, options.until));
  return kFailed;
}

int list(bool json, const Handlers& handlers) {
  for (const fs::path& path : shipped_scenarios()) {
    const auto scenario = load_scenario(path.string(), handlers);
    if (!scenario) return refuse(scenario.error());
    if (json) {
      print(stdout, nlohmann::ordered_json{{"scenario", scenario->name},
                                           {"devices", scenario->devices.size()},
                                           {"path", path.string()},
                                           {"description", scenario->description}}
                            .dump() +
                        "\n");
    } else {
      print(stdout, fmt::format("{:<24} {:>5} devices  {}\n", scenario->name,
                                scenario->devices.size(), scenario->description));
    }
  }
  return kClean;
}

}  // namespace

int main(int argc, char** argv, const Handlers& handlers) {
  CLI::App app{"Runs devices of kith on a virtual network, clock and disk. One seed decides all."};
  app.require_subcommand(1);

  RunOptions options;
  CLI::App& run_command = *app.add_subcommand("run", "Run a scenario and judge it");
  run_command.add_option("SCENARIO", options.scenario, "A file, or the name of a shipped scenario")
      ->required();
  run_command.add_option("--seed", options.seed, "What decides the run: 0 to 2^64 - 1")->required();
  run_command.add_option("--until", options.until, "End at this virtual second at the latest");
  run_command.add_flag("--json", options.json, "One JSON object on standard output");

  bool list_json = false;
  CLI::App& list_command = *app.add_subcommand("list", "List the scenarios that ship");
  list_command.add_flag("--json", list_json, "One JSON object for each");

  std::string recording;
  std::string timeline;
  bool replay_json = false;
  CLI::App& replay_command =
      *app.add_subcommand("replay", "Execute a recording again and compare every step");
  replay_command.add_option("FILE", recording, "What kith --record wrote")->required();
  replay_command.add_flag("--json", replay_json, "One JSON object on standard output");
  CLI::App& redact_command =
      *app.add_subcommand("redact", "Make a timeline of a recording that holds no secrets");
  redact_command.add_option("FILE", recording, "What kith --record wrote")->required();
  redact_command.add_option("OUT", timeline, "Where to put it: JSON lines, a new file")->required();

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& wrong) {
    return app.exit(wrong) == 0 ? kClean : kUsage;
  }
  if (replay_command.parsed()) return replay_file(recording, replay_json);
  if (redact_command.parsed()) return redact_file(recording, timeline);
  return run_command.parsed() ? run(options, handlers) : list(list_json, handlers);
}

}  // namespace kith::sim
