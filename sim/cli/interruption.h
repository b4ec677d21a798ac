#pragma once

// SIGINT and SIGTERM as a wish to stop and say what was done so far.

#include <csignal>

namespace kith::sim {

// While it lives, the first of these signals is noted. A second one of its kind ends the process,
// as it does where there is no Interruption. One at a time.
class Interruption {
 public:
  Interruption();
  ~Interruption();
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;

  bool seen() const;

 private:
  struct sigaction before_[2];
};

}  // namespace kith::sim
