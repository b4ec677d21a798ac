#include "engine/discovery/mdns/life.h"

namespace kith::mdns {
namespace {

using Cell = std::optional<Life>;

constexpr Cell kNone = std::nullopt;
constexpr Cell kWait = Life::waiting;
constexpr Cell kProbe = Life::probing;
constexpr Cell kTell = Life::announcing;
constexpr Cell kHere = Life::established;
constexpr Cell kLeave = Life::leaving;
constexpr Cell kGone = Life::gone;

// Rows: Life, columns: LifeTrigger, each in its order. A conflict over a name that was never
// announced ends the set: another name is another set. One over a name that was announced has the
// name probed again; whoever has the better claim defends it then.
constexpr std::array<std::array<Cell, kLifeTriggers>, kLives> kTable{{
    // clang-format off
    // due, unopposed, settled, changed, yielded, conflict, withdrawn, told
    {{kProbe, kNone, kNone, kNone, kNone, kGone, kGone, kNone}},   // waiting
    {{kNone, kTell, kNone, kNone, kWait, kGone, kGone, kNone}},    // probing
    {{kNone, kNone, kHere, kTell, kNone, kWait, kLeave, kNone}},   // announcing
    {{kNone, kNone, kNone, kTell, kNone, kWait, kLeave, kNone}},   // established
    {{kNone, kNone, kNone, kNone, kNone, kNone, kNone, kGone}},    // leaving
    {{kNone, kNone, kNone, kNone, kNone, kNone, kNone, kNone}},    // gone
    // clang-format on
}};

}  // namespace

std::optional<Life> next_life(Life from, LifeTrigger trigger) {
  return kTable[static_cast<std::size_t>(from)][static_cast<std::size_t>(trigger)];
}

std::string_view to_string(Life life) {
  constexpr std::array<std::string_view, kLives> kNames{"waiting",     "probing", "announcing",
                                                        "established", "leaving", "gone"};
  return kNames[static_cast<std::size_t>(life)];
}

std::string_view to_string(LifeTrigger trigger) {
  constexpr std::array<std::string_view, kLifeTriggers> kNames{
      "due", "unopposed", "settled", "changed", "yielded", "conflict", "withdrawn", "told"};
  return kNames[static_cast<std::size_t>(trigger)];
}

}  // namespace kith::mdns
