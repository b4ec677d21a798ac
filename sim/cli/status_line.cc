#include "sim/cli/status_line.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "sim/cli/terminal.h"

namespace kith::sim {
namespace {

// What takes less time shows nothing at all.
constexpr std::chrono::milliseconds kFirst{1000};
constexpr std::chrono::milliseconds kEvery{250};
constexpr std::size_t kUsualColumns = 80;

// A line that breaks could not be erased.
std::size_t terminal_columns() {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kUsualColumns;
  return size.ws_col;
}

}  // namespace

bool StatusLine::visible() { return isatty(STDERR_FILENO) == 1; }

bool StatusLine::due() const {
  return Clock::now() - shown_at_ >= (columns_ == 0 ? kFirst : kEvery);
}

void StatusLine::show(std::string line) {
  line.resize(std::min(line.size(), terminal_columns() - 1));
  const std::size_t columns = line.size();
  line.resize(std::max(columns, columns_), ' ');
  print(stderr, "\r" + line);
  columns_ = columns;
  shown_at_ = Clock::now();
}

void StatusLine::erase() {
  if (columns_ == 0) return;
  print(stderr, "\r" + std::string(columns_, ' ') + "\r");
  columns_ = 0;
}

}  // namespace kith::sim
