#pragma once

// Where a device dies: at the n-th of its effects, just before it takes place, in the middle or
// just after. A test counts the effects of a clean run (Device::effects) and runs again for every
// n.
//
//   effect             before                  during                 after
//   store_commit       the store has none      under way              durable, the engine not told
//   file               the disk has none       under way              done, the engine not told
//   datagram_sent      it never left           -                      it left, nothing after it did
//   datagram_received  the engine has it not   -                      all that came of it was begun
//
// What stood in a step after the effect does not happen: later outputs, later datagrams.

#include <cstdint>
#include <optional>

#include "kith/time.h"
#include "sim/disk/virtual_disk.h"
#include "sim/world/observer.h"

namespace kith::sim {

enum class EffectKind : std::uint8_t { store_commit, file, datagram_sent, datagram_received };
inline constexpr std::size_t kEffectKinds = 4;

enum class Moment : std::uint8_t { before, during, after };

// What becomes of store commits and file operations that are under way at a death.
enum class Unfinished : std::uint8_t {
  drawn,  // each world decides by its seed: commits up to a point, files each by itself
  lost,   // none takes effect
  kept,   // all take effect, and nobody is told
};

struct Crash {
  EffectKind effect = EffectKind::store_commit;
  std::uint64_t nth = 1;  // counted from when it is planned, over all lives; 1 is the next
  Moment moment = Moment::before;
  Ending ending = Ending::crashed;
  Unfinished unfinished = Unfinished::drawn;
  Instant until = Instant::never();  // then it is no longer planned
  std::optional<Duration> down{};    // then it starts again by itself
  PowerLoss loss{};                  // if it crashes
};

}  // namespace kith::sim
