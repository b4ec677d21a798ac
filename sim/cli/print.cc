#include "sim/cli/print.h"

#include <fmt/core.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "generated/kith_commit.h"
#include "sim/cli/terminal.h"
#include "sim/world/seconds.h"

namespace kith::sim {
namespace {

// Three decimal places, so that lines stay short.
double rounded(double seconds) { return std::round(seconds * 1000) / 1000; }

nlohmann::ordered_json to_json(const std::vector<Finding>& findings) {
  auto list = nlohmann::ordered_json::array();
  for (const Finding& finding : findings) {
    nlohmann::ordered_json ok = finding.ok;
    if (finding.open) ok = nullptr;
    list.push_back({{"name", finding.name}, {"ok", ok}, {"value", finding.value}});
  }
  return list;
}

std::string lines_of(std::string_view title, const std::vector<Finding>& findings) {
  std::string text;
  for (const Finding& finding : findings) {
    const std::string_view how = finding.ok ? "ok" : finding.open ? "open" : "FAILED";
    text += fmt::format("{} {:<6} {}: {}\n", title, how, finding.name, finding.value);
  }
  return text;
}

std::string fired(const std::map<std::string, std::uint64_t>& probes) {
  std::string text;
  for (const auto& [name, times] : probes) {
    if (name.starts_with("cell.")) continue;  // too many for a line
    text += fmt::format("{} {} {}", text.empty() ? "fired:" : ",", name, times);
  }
  return text.empty() ? "" : text + "\n";
}

}  // namespace

std::string to_json(const Report& report, const Cost& cost) {
  nlohmann::ordered_json json;
  json["scenario"] = report.scenario;
  json["seed"] = report.seed;
  json["devices"] = report.devices;
  json["virtual_s"] = rounded(seconds_of(report.virtual_time));
  json["wall_s"] = rounded(cost.wall_s);
  json["cpu_s"] = rounded(cost.cpu_s);
  json["peak_mib"] = std::lround(cost.peak_mib);
  json["datagrams"] = report.datagrams;
  json["events"] = report.events;
  json["trace_hash"] = report.trace_hash.to_hex();
  json["probes"] = report.probes;
  json["violations"] = to_json(report.violations);
  json["expectations"] = to_json(report.expectations);
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::string to_text(const Report& report, const Cost& cost) {
  std::string text = fmt::format(
      "{}, seed {}: {} devices, {:.3f} virtual seconds in {:.3f} s ({:.3f} s of CPU, "
      "{:.0f} MiB at most)\n"
      "{} datagrams delivered, {} events\n"
      "trace hash {}\n",
      report.scenario, report.seed, report.devices, seconds_of(report.virtual_time), cost.wall_s,
      cost.cpu_s, cost.peak_mib, report.datagrams, report.events, report.trace_hash.to_hex());
  text += fired(report.probes);
  text += lines_of("violation  ", report.violations);
  text += lines_of("expectation", report.expectations);
  return text;
}

std::string replay_hint(const Report& report, const std::string& scenario,
                        const std::string& until) {
  return fmt::format("failed: seed {}, commit {}\nreplay: {} run {} --seed {}{}\n", report.seed,
                     KITH_COMMIT, shell_quoted(program_name()), shell_quoted(scenario), report.seed,
                     until.empty() ? "" : " --until " + until);
}

}  // namespace kith::sim
