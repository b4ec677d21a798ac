#include "io/cli/progress_bar.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

namespace kith::cli {
namespace {

constexpr std::size_t kShortestBar = 10;
constexpr std::size_t kLongestBar = 40;

// 100 only when all is done: a bar that is full and goes on for a minute reads as stuck.
unsigned percent(const TransferProgress& progress) {
  if (progress.bytes_done >= progress.bytes_total) return 100;
  const double part =
      static_cast<double>(progress.bytes_done) / static_cast<double>(progress.bytes_total);
  return std::min(99u, static_cast<unsigned>(part * 100));
}

std::string bar(unsigned percent, std::size_t cells) {
  const std::size_t filled = cells * percent / 100;
  return "[" + std::string(filled, '#') + std::string(cells - filled, '-') + "]";
}

}  // namespace

std::string format_bytes(std::uint64_t bytes) {
  constexpr std::array<std::string_view, 6> kUnits{"kB", "MB", "GB", "TB", "PB", "EB"};
  if (bytes < 1000) return fmt::format("{} B", bytes);
  double value = static_cast<double>(bytes) / 1000;
  std::size_t unit = 0;
  // 999.5 would be shown as 1000 of this unit: it is 1.0 of the next.
  while (value >= 999.5 && unit + 1 < kUnits.size()) {
    value /= 1000;
    ++unit;
  }
  return fmt::format("{:.{}f} {}", value, value < 9.95 ? 1 : 0, kUnits[unit]);
}

std::string format_rate(std::uint64_t bytes_per_second) {
  return format_bytes(bytes_per_second) + "/s";
}

std::string format_duration(Duration duration) {
  const double exact = std::max(0.0, std::chrono::duration<double>(duration).count());
  if (exact < 9.995) return fmt::format("{:.2f} s", exact);
  const auto seconds = static_cast<std::uint64_t>(std::llround(exact));
  if (seconds < 60) return fmt::format("{} s", seconds);
  if (seconds < 3600) return fmt::format("{}:{:02}", seconds / 60, seconds % 60);
  return fmt::format("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

std::uint64_t mean_rate(std::uint64_t bytes, Duration elapsed) {
  const double seconds = std::chrono::duration<double>(elapsed).count();
  if (seconds <= 0) return 0;
  const double rate = static_cast<double>(bytes) / seconds;
  return rate < 1e18 ? static_cast<std::uint64_t>(rate) : 0;
}

std::string draw_progress(const TransferProgress& progress, std::size_t width) {
  const unsigned done = percent(progress);
  std::string text = fmt::format("{:3} %", done);
  const auto append = [&](const std::string& part) {
    if (text.size() + 2 + part.size() <= width) text += "  " + part;
  };
  append(fmt::format("{} of {}", format_bytes(progress.bytes_done),
                     format_bytes(progress.bytes_total)));
  if (progress.rate_bps > 0) append(format_rate(progress.rate_bps));
  if (progress.eta) {
    // Whole seconds: an estimate with decimals flickers and pretends.
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(*progress.eta).count();
    append(fmt::format("{}:{:02} left", seconds / 60, seconds % 60));
  }
  constexpr std::size_t kBrackets = 2, kGap = 1;
  if (text.size() + kShortestBar + kBrackets + kGap <= width) {
    const std::size_t cells = std::min(kLongestBar, width - text.size() - kBrackets - kGap);
    text = bar(done, cells) + " " + text;
  }
  if (text.size() > width) text.resize(width);
  return text;
}

}  // namespace kith::cli
