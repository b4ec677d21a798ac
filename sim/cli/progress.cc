#include "sim/cli/progress.h"

#include <fmt/core.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <string>

#include "sim/world/seconds.h"

namespace kith::sim {
namespace {

// Shorter runs show nothing at all.
constexpr std::chrono::milliseconds kFirst{1000};
constexpr std::chrono::milliseconds kEvery{250};
constexpr std::size_t kUsualColumns = 80;

// A line that breaks could not be erased.
std::size_t terminal_columns() {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kUsualColumns;
  return size.ws_col;
}

std::string per_second(double events) {
  if (events >= 1e6) return fmt::format("{:.1f} M", events / 1e6);
  if (events >= 1e3) return fmt::format("{:.0f} k", events / 1e3);
  return fmt::format("{:.0f}", events);
}

}  // namespace

Progress::Progress(Run& run, Duration end) : run_(run), end_(end), shown_at_(Clock::now()) {}

bool Progress::visible() { return isatty(STDERR_FILENO) == 1; }

void Progress::look() {
  const Clock::time_point now = Clock::now();
  if (now - shown_at_ >= (columns_ == 0 ? kFirst : kEvery)) show(now);
}

void Progress::show(Clock::time_point now) {
  World& world = run_.world();
  std::size_t up = 0;
  for (DeviceIndex i = 0; i < world.device_count(); ++i) up += world.device(i).running() ? 1u : 0u;
  const std::uint64_t events = world.timeline().events();
  const double rate = static_cast<double>(events - events_then_) /
                      std::chrono::duration<double>(now - shown_at_).count();
  std::string line = fmt::format("{:.2f} of {:.0f} s, {} events/s, {} of {} devices up, {} {}",
                                 seconds_of(world.now()), seconds_of(end_), per_second(rate), up,
                                 world.device_count(), run_.violations_seen(),
                                 run_.violations_seen() == 1 ? "violation" : "violations");
  line.resize(std::min(line.size(), terminal_columns() - 1));
  const std::size_t columns = line.size();
  line.resize(std::max(columns, columns_), ' ');
  std::fputs(("\r" + line).c_str(), stderr);
  std::fflush(stderr);
  columns_ = columns;
  shown_at_ = now;
  events_then_ = events;
}

void Progress::erase() {
  if (columns_ == 0) return;
  std::fputs(("\r" + std::string(columns_, ' ') + "\r").c_str(), stderr);
  std::fflush(stderr);
  columns_ = 0;
}

}  // namespace kith::sim
