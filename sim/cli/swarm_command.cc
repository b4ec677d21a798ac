#include "sim/cli/swarm_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "engine/base/check.h"
#include "engine/base/text.h"
#include "generated/kith_commit.h"
#include "sim/cli/interruption.h"
#include "sim/cli/seconds_option.h"
#include "sim/cli/status_line.h"
#include "sim/cli/terminal.h"
#include "sim/scenario/decimal.h"
#include "sim/scenario/read_file.h"
#include "sim/swarm/expected_probes.h"
#include "sim/swarm/swarm.h"

namespace kith::sim {
namespace {

constexpr std::string_view kPrefix = "swarm:";
constexpr std::uint64_t kMostJobs = 256;
constexpr std::uint64_t kMostDevices = 10'000;
constexpr std::uint64_t kUsualDevices = 20;

std::optional<std::uint64_t> whole_number(const std::string& text) {
  if (text.find('.') != std::string::npos) return std::nullopt;
  return parse_decimal(text, 0);
}

std::optional<std::uint64_t> read_devices(const std::string& text) {
  const auto devices = whole_number(text);
  const bool possible = devices && *devices >= 2 && *devices % 2 == 0 && *devices <= kMostDevices;
  return possible ? devices : std::nullopt;
}

// What is run, and how a person says so.
struct Swarm {
  SwarmSpec spec;
  std::string name;  // of a scenario, or "swarm:DEVICES"
  std::uint64_t devices = 0;
};

// Worlds drawn from nothing but their seeds.
Result<void> read_drawn(const SwarmOptions& options, const Handlers& handlers, Swarm& swarm) {
  const auto devices = read_devices(options.devices);
  if (!devices) {
    return failure(
        ErrorCode::invalid_argument,
        fmt::format("--devices {} is no even number from 2 to {}.", options.devices, kMostDevices));
  }
  swarm.devices = *devices;
  swarm.name = fmt::format("swarm:{}", *devices);
  swarm.spec.scenario = [devices = *devices, &handlers](std::uint64_t seed) {
    return swarm_scenario(seed, devices, handlers);
  };
  return {};
}

// One scenario, read once, whatever becomes of its file meanwhile.
Result<void> read_given(const SwarmOptions& options, const Handlers& handlers, Swarm& swarm) {
  swarm.name = options.scenario;
  const auto text = read_file(options.scenario);
  if (!text) return tl::unexpected(text.error());
  const auto parse = [name = swarm.name, text = *text, &handlers](std::uint64_t seed) {
    return parse_scenario(name, text, handlers, seed);
  };
  const auto first = parse(swarm.spec.first_seed);
  if (!first) return tl::unexpected(first.error());
  swarm.devices = first->topology.devices.size();
  swarm.spec.scenario = [parse](std::uint64_t seed) {
    auto scenario = parse(seed);
    KITH_CHECK_MSG(scenario.has_value(), "{}", scenario.error().message);
    return *std::move(scenario);
  };
  return {};
}

// `handlers` outlives the swarm.
Result<Swarm> read(const SwarmOptions& options, const Handlers& handlers) {
  Swarm swarm;
  SwarmSpec& spec = swarm.spec;
  const auto wrong = [](std::string_view what) {
    return failure(ErrorCode::invalid_argument, std::string(what));
  };
  const std::size_t dash = options.seeds.find('-');
  const auto first = whole_number(options.seeds.substr(0, dash));
  const auto last =
      dash == std::string::npos ? first : whole_number(options.seeds.substr(dash + 1));
  if (!first || !last || *last < *first || *last - *first == ~0ull) {
    return wrong(fmt::format("--seeds {} is no range such as 1-100.", options.seeds));
  }
  spec.first_seed = *first;
  spec.last_seed = *last;
  const auto jobs = whole_number(options.jobs);
  if (!jobs || *jobs < 1 || *jobs > kMostJobs) {
    return wrong(fmt::format("--jobs {} is no number from 1 to {}.", options.jobs, kMostJobs));
  }
  spec.jobs = static_cast<unsigned>(*jobs);
  const auto time = read_seconds("--time", options.time);
  if (!time) return tl::unexpected(time.error());
  spec.time = *time;
  spec.capsules = options.capsules;
  std::error_code error;
  if (!spec.capsules.empty()) std::filesystem::create_directories(spec.capsules, error);
  if (error) {
    return wrong(fmt::format("--capsules {} cannot be made: {}.", spec.capsules, error.message()));
  }
  const auto world = options.scenario.empty() ? read_drawn(options, handlers, swarm)
                                              : read_given(options, handlers, swarm);
  if (!world) return tl::unexpected(world.error());
  return swarm;
}

// Sums over all seeds.
struct Totals {
  std::uint64_t seeds = 0;
  std::uint64_t first_seed = ~0ull;  // of those that were run to their end
  std::uint64_t last_seed = 0;
  std::uint64_t failed = 0;
  std::uint64_t datagrams = 0;
  double virtual_s = 0;
  double cpu_s = 0;
  std::map<std::string, std::uint64_t> probes;
  std::map<std::string, std::uint64_t> seeds_with;  // how many seeds a probe fired in

  std::vector<std::string> never_fired() const {
    std::vector<std::string> missed = expected_probes();
    std::erase_if(missed, [this](const std::string& name) { return probes.contains(name); });
    return missed;
  }

  void add(const SwarmOutcome& outcome) {
    ++seeds;
    first_seed = std::min(first_seed, outcome.seed);
    last_seed = std::max(last_seed, outcome.seed);
    if (!outcome.ok) ++failed;
    datagrams += outcome.datagrams;
    virtual_s += outcome.virtual_s;
    cpu_s += outcome.cpu_s;
    for (const auto& [name, count] : outcome.probes) {
      probes[name] += count;
      if (count > 0) ++seeds_with[name];
    }
  }
};

std::string replay_command(const SwarmOutcome& outcome, const Swarm& swarm) {
  return fmt::format("{} run {} --seed {}", shell_quoted(program_name()), shell_quoted(swarm.name),
                     outcome.seed);
}

nlohmann::ordered_json to_json(const SwarmOutcome& outcome, const Swarm& swarm) {
  auto failures = nlohmann::ordered_json::array();
  for (const Finding& each : outcome.failures) {
    failures.push_back({{"name", each.name}, {"value", each.value}});
  }
  nlohmann::ordered_json json{{"seed", outcome.seed},
                              {"ok", outcome.ok},
                              {"trace_hash", outcome.trace_hash},
                              {"failures", failures}};
  if (!outcome.death.empty()) json["death"] = outcome.death;
  if (!outcome.ok) {
    json["commit"] = KITH_COMMIT;
    json["replay"] = replay_command(outcome, swarm);
    if (!outcome.capsule.empty()) json["capsule"] = outcome.capsule;
    if (!outcome.capsule_fault.empty()) json["capsule_fault"] = outcome.capsule_fault;
  }
  return json;
}

std::string to_text(const SwarmOutcome& outcome, const Swarm& swarm) {
  std::string text = fmt::format("failed: seed {}, commit {}\n", outcome.seed, KITH_COMMIT);
  if (!outcome.death.empty()) text += fmt::format("  its process {}\n", outcome.death);
  for (const Finding& each : outcome.failures) {
    text += fmt::format("  {}: {}\n", each.name, each.value);
  }
  text += fmt::format("replay: {}\n", replay_command(outcome, swarm));
  if (!outcome.capsule.empty()) text += fmt::format("capsule: {}\n", outcome.capsule);
  if (!outcome.capsule_fault.empty())
    text += fmt::format("no capsule: {}\n", outcome.capsule_fault);
  return text;
}

double rounded(double value) { return std::round(value * 100) / 100; }

std::string status(const Totals& totals, const SwarmSpec& spec, double wall_s) {
  return fmt::format("{} of {} seeds, {} failed, {:.2f} seeds a second, {:.0f} s", totals.seeds,
                     spec.last_seed - spec.first_seed + 1, totals.failed,
                     static_cast<double>(totals.seeds) / wall_s, wall_s);
}

std::string summary_json(const Totals& totals, const Swarm& swarm, double wall_s,
                         bool interrupted) {
  const auto seed = [&](std::uint64_t number) {
    return totals.seeds > 0 ? nlohmann::ordered_json(number) : nlohmann::ordered_json(nullptr);
  };
  const nlohmann::ordered_json summary{{"seeds", totals.seeds},
                                       {"first_seed", seed(totals.first_seed)},
                                       {"last_seed", seed(totals.last_seed)},
                                       {"interrupted", interrupted},
                                       {"failed", totals.failed},
                                       {"scenario", swarm.name},
                                       {"devices", swarm.devices},
                                       {"virtual_s", rounded(totals.virtual_s)},
                                       {"wall_s", rounded(wall_s)},
                                       {"cpu_s", rounded(totals.cpu_s)},
                                       {"datagrams", totals.datagrams},
                                       {"probes", totals.probes},
                                       {"seeds_with", totals.seeds_with},
                                       {"never_fired", totals.never_fired()}};
  return summary.dump() + "\n";
}

std::string summary_text(const Totals& totals, const Swarm& swarm, double wall_s) {
  const std::size_t expected = expected_probes().size();
  const std::string which =
      totals.seeds > 0 ? fmt::format(" ({}-{})", totals.first_seed, totals.last_seed) : "";
  return fmt::format(
      "{} seeds{} of {} devices, {} failed; {:.0f} virtual seconds, {} datagrams; "
      "{:.1f} s, {:.1f} s of CPU, {:.2f} seeds a second; {} of {} probes fired\n",
      totals.seeds, which, swarm.devices, totals.failed, totals.virtual_s, totals.datagrams, wall_s,
      totals.cpu_s, static_cast<double>(totals.seeds) / wall_s,
      expected - totals.never_fired().size(), expected);
}

int verdict(const Totals& totals, const SwarmOptions& options, bool interrupted) {
  const std::vector<std::string> missed = totals.never_fired();
  const bool misses = options.must_hit && !missed.empty();
  if (misses) print(stderr, fmt::format("never fired: {}\n", fmt::join(missed, "\nnever fired: ")));
  if (totals.failed > 0) return kFailed;
  if (interrupted) return kInterrupted;
  if (totals.seeds == 0) {
    return refuse({ErrorCode::invalid_argument,
                   fmt::format("--time {} was over before the first seed.", options.time), ""});
  }
  return misses ? kFailed : kClean;
}

}  // namespace

int run_swarm_command(const SwarmOptions& options, const Handlers& handlers) {
  const auto swarm = read(options, handlers);
  if (!swarm) return refuse(swarm.error());
  const auto begun = std::chrono::steady_clock::now();
  const auto wall_s = [begun] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  };
  Totals totals;
  StatusLine line;
  const Interruption interruption;
  const auto on_outcome = [&](const SwarmOutcome& outcome) {
    totals.add(outcome);
    if (!options.json && outcome.ok) return;
    line.erase();
    if (options.json) {
      print(
          stdout,
          to_json(outcome, *swarm).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) +
              "\n");
    } else {
      print(stderr, to_text(outcome, *swarm));
    }
  };
  const auto stopped = [&] {
    if (StatusLine::visible() && line.due()) line.show(status(totals, swarm->spec, wall_s()));
    return interruption.seen() || std::ferror(stdout) != 0;
  };
  const auto ran = run_swarm(swarm->spec, on_outcome, stopped);
  line.erase();
  if (!ran) return refuse(ran.error());
  const bool interrupted = interruption.seen();
  print(stdout, options.json ? summary_json(totals, *swarm, wall_s(), interrupted)
                             : summary_text(totals, *swarm, wall_s()));
  return verdict(totals, options, interrupted);
}

bool means_swarm(const std::string& name) { return name == "swarm" || name.starts_with(kPrefix); }

Result<std::uint64_t> swarm_devices(const std::string& name) {
  if (name == "swarm") return kUsualDevices;
  if (const auto devices = read_devices(name.substr(kPrefix.size()))) return *devices;
  return failure(ErrorCode::invalid_argument,
                 fmt::format("{}: the number of devices must be even, from 2 to {}.",
                             printable(name), kMostDevices));
}

}  // namespace kith::sim
