#include "sim/cli/interruption.h"

#include <iterator>

namespace kith::sim {
namespace {

constexpr int kSignals[] = {SIGINT, SIGTERM};

// What a handler of signals may touch is of static lifetime.
volatile std::sig_atomic_t noted = 0;

void note(int) { noted = 1; }

}  // namespace

Interruption::Interruption() {
  noted = 0;
  struct sigaction action {};
  action.sa_handler = note;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  for (std::size_t i = 0; i < std::size(kSignals); ++i) {
    ::sigaction(kSignals[i], &action, &before_[i]);
    // In the background of a shell they mean nothing, and go on meaning nothing.
    if (before_[i].sa_handler == SIG_IGN) ::sigaction(kSignals[i], &before_[i], nullptr);
  }
}

Interruption::~Interruption() {
  for (std::size_t i = 0; i < std::size(kSignals); ++i) {
    ::sigaction(kSignals[i], &before_[i], nullptr);
  }
}

bool Interruption::seen() const { return noted != 0; }

}  // namespace kith::sim
