#pragma once

// How far something is, on one line of a terminal that is erased at the end.

#include <chrono>
#include <cstddef>
#include <string>

namespace kith::sim {

class StatusLine {
 public:
  using Clock = std::chrono::steady_clock;

  StatusLine() : shown_at_(Clock::now()) {}
  ~StatusLine() { erase(); }
  StatusLine(const StatusLine&) = delete;
  StatusLine& operator=(const StatusLine&) = delete;

  // Whether somebody can see it: standard error is a terminal.
  static bool visible();

  // Whether it is time to show it, for the first time or again.
  bool due() const;
  // When it was shown last, or else made.
  Clock::time_point shown_at() const { return shown_at_; }

  void show(std::string line);
  // Before anything else is printed.
  void erase();

 private:
  Clock::time_point shown_at_;
  std::size_t columns_ = 0;  // of what stands there now
};

}  // namespace kith::sim
