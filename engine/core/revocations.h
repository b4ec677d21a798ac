#pragma once

// Devices that were removed or blocked, until the store has it: this process refuses them at once,
// the next one only if it was written.
//
//   revoke --> commit --durable--> DeviceChanged
//               ^   \--failed----> a pause, ever longer
//               \------------------------/
//
// Where a later commit writes the same key, that of another revocation or a new pairing, the
// earlier one is not made again. It does not own: who is refused meanwhile
// (registry/device_registry.h).

#include <list>
#include <optional>
#include <vector>

#include "engine/registry/protocol.h"
#include "kith/event.h"
#include "kith/store.h"

namespace kith {

class Revocations {
 public:
  static constexpr Duration kFirstPause = std::chrono::seconds(1);
  static constexpr Duration kLongestPause = std::chrono::minutes(1);

  // `ids` outlives it.
  explicit Revocations(EffectIds& ids) : ids_(ids) {}

  // The commit to make; `told` is what to say once it is durable.
  StoreCommit revoke(StoreChange change, DeviceChanged told);
  // Somebody else's, which is made after all of these so far.
  void superseded_by(const StoreCommit& commit);

  std::optional<DeviceChanged> stored(Instant now, const StoreCompleted& completed);
  Instant next_due() const;
  // Those to make again now.
  std::vector<StoreCommit> due(Instant now);

 private:
  struct Pending {
    StoreChange change;
    DeviceChanged told;
    std::optional<StoreOpId> op;  // being written; otherwise it waits
    bool superseded = false;      // not to be made again
    Instant due;
    Duration pause = kFirstPause;
  };

  StoreCommit write(Pending& pending);
  void supersede(const StoreChange& change);

  EffectIds& ids_;
  std::list<Pending> pending_;
};

}  // namespace kith
