#include "engine/core/revocations.h"

#include <algorithm>
#include <utility>

namespace kith {

StoreCommit Revocations::revoke(StoreChange change, DeviceChanged told) {
  supersede(change);
  Pending& pending = pending_.emplace_back();
  pending.change = std::move(change);
  pending.told = std::move(told);
  return write(pending);
}

StoreCommit Revocations::write(Pending& pending) {
  pending.op = ids_.store_op();
  return {*pending.op, {pending.change}};
}

void Revocations::superseded_by(const StoreCommit& commit) {
  for (const StoreChange& change : commit.changes) supersede(change);
}

void Revocations::supersede(const StoreChange& change) {
  std::erase_if(pending_, [&](Pending& pending) {
    if (pending.change.key != change.key) return false;
    pending.superseded = true;
    return !pending.op;
  });
}

std::optional<DeviceChanged> Revocations::stored(Instant now, const StoreCompleted& completed) {
  const auto pending = std::find_if(pending_.begin(), pending_.end(),
                                    [&](const Pending& each) { return each.op == completed.op; });
  if (pending == pending_.end()) return std::nullopt;
  std::optional<DeviceChanged> told;
  if (completed.outcome) told = std::move(pending->told);
  if (completed.outcome || pending->superseded) {
    pending_.erase(pending);
    return told;
  }
  pending->op.reset();
  pending->due = now + pending->pause;
  pending->pause = std::min(2 * pending->pause, kLongestPause);
  return told;
}

Instant Revocations::next_due() const {
  Instant next = Instant::never();
  for (const Pending& pending : pending_) {
    if (!pending.op) next = std::min(next, pending.due);
  }
  return next;
}

std::vector<StoreCommit> Revocations::due(Instant now) {
  std::vector<StoreCommit> commits;
  for (Pending& pending : pending_) {
    if (!pending.op && pending.due <= now) commits.push_back(write(pending));
  }
  return commits;
}

}  // namespace kith
