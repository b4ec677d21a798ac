#include "engine/discovery/mdns/contention.h"

#include "engine/discovery/mdns/limits.h"

namespace kith::mdns {

void Contention::note_conflict(Instant now) {
  conflicts_.push_back(now);
  if (conflicts_.size() > kManyConflicts) conflicts_.pop_front();
  contested_ |=
      conflicts_.size() == kManyConflicts && conflicts_.front() + kManyConflictsSpan > now;
}

Duration Contention::pause(Instant now) {
  if (contested_ && conflicts_.back() + kManyConflictsSpan <= now) contested_ = false;
  return contested_ ? kManyConflictsPause : Duration(0);
}

}  // namespace kith::mdns
