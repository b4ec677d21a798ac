#include "sim/capsule/trial.h"

#include <cstdio>
#include <optional>
#include <utility>

#include "sim/scenario/run.h"
#include "sim/swarm/workers.h"

namespace kith::sim {

Trial run_here(const Scenario& scenario, std::uint64_t seed, Duration until) {
  return {Run(scenario, seed).execute(until), ""};
}

Result<Trial> run_apart(const Scenario& scenario, std::uint64_t seed, Duration until, bool quiet) {
  bool given = false;
  const auto next = [&given]() -> std::optional<std::uint64_t> {
    if (std::exchange(given, true)) return std::nullopt;
    return 0;
  };
  const auto work = [&](std::uint64_t) {
    if (quiet && std::freopen("/dev/null", "w", stderr) == nullptr) std::fclose(stderr);
    run_here(scenario, seed, until);
    return std::string("alive");
  };
  Trial trial;
  const auto done = [&trial](std::uint64_t, const std::optional<std::string>&,
                             const std::string& death) { trial.death = death; };
  if (const auto ran = Workers::run(1, next, work, done); !ran) return tl::unexpected(ran.error());
  return trial;
}

}  // namespace kith::sim
