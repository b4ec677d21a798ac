#pragma once

// How fast names are tried: after many conflicts at once each further attempt waits, until for a
// while there is none (RFC 6762 section 8.1). Of all scopes of a device together, because a name
// that is taken on one of them is given up on all.

#include <cstddef>
#include <deque>

#include "kith/time.h"

namespace kith::mdns {

class Contention {
 public:
  void note_conflict(Instant now);
  // That long an attempt that begins now waits.
  Duration pause(Instant now);

 private:
  std::deque<Instant> conflicts_;  // the last kManyConflicts
  bool contested_ = false;         // so many came at once, and more since then
};

}  // namespace kith::mdns
