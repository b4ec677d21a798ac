#pragma once

// Whether this node serves others. A node behind a NAT that does not let strangers in would only
// waste their time: it marks its queries read-only (BEP 43) and answers none. Nobody mentions such
// a node to others, so whether strangers reach it shows only while it does not say so: for a few
// minutes it tries.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "kith/time.h"

namespace kith::dht {

enum class Standing : std::uint8_t {
  hidden,  // read-only: sends `ro`, answers nothing
  trying,  // takes part, until a stranger asks or the time is over
  open,    // takes part
};
inline constexpr std::size_t kStandings = 3;

enum class StandingTrigger : std::uint8_t {
  asked_by_stranger,  // a query from a host that nothing was sent to
  try_due,
  try_over,
  unvisited,  // no stranger has asked for long
  moved,      // the external address is another one
};
inline constexpr std::size_t kStandingTriggers = 5;

std::string_view to_string(Standing standing);
std::string_view to_string(StandingTrigger trigger);
// Empty where the trigger changes nothing.
std::optional<Standing> next_state(Standing from, StandingTrigger trigger);

// Long enough for neighbours to have mentioned us: they look around every half an hour.
inline constexpr Duration kTryFor = std::chrono::minutes(5);
// Then again after an hour, twice that, and so on: NATs seldom change while the address does not.
inline constexpr Duration kFirstTryPause = std::chrono::hours(1);
inline constexpr Duration kLongestTryPause = std::chrono::hours(24);
// A node that is known is asked by somebody new every few minutes.
inline constexpr Duration kUnvisitedAfter = std::chrono::hours(2);

}  // namespace kith::dht
