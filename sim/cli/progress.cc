#include "sim/cli/progress.h"

#include <fmt/core.h>

#include <string>

#include "sim/world/seconds.h"

namespace kith::sim {
namespace {

std::string per_second(double events) {
  if (events >= 1e6) return fmt::format("{:.1f} M", events / 1e6);
  if (events >= 1e3) return fmt::format("{:.0f} k", events / 1e3);
  return fmt::format("{:.0f}", events);
}

}  // namespace

void Progress::look() {
  if (!line_.due()) return;
  World& world = run_.world();
  std::size_t up = 0;
  for (DeviceIndex i = 0; i < world.device_count(); ++i) up += world.device(i).running() ? 1u : 0u;
  const std::uint64_t events = world.timeline().events();
  const std::chrono::duration<double> since = StatusLine::Clock::now() - line_.shown_at();
  const double rate = static_cast<double>(events - events_then_) / since.count();
  line_.show(fmt::format("{:.2f} of {:.0f} s, {} events/s, {} of {} devices up, {} {}",
                         seconds_of(world.now()), seconds_of(end_), per_second(rate), up,
                         world.device_count(), run_.violations_seen(),
                         run_.violations_seen() == 1 ? "violation" : "violations"));
  events_then_ = events;
}

}  // namespace kith::sim
