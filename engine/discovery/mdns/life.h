#pragma once

// The life of one set of own records on one scope, and the only moves in it (RFC 6762 section 8).

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace kith::mdns {

enum class Life : std::uint8_t {
  waiting,      // until its first probe
  probing,      // asking whether the name is taken
  announcing,   // the name is ours, and the neighbours are being told
  established,  // told
  leaving,      // the neighbours have still to be told that it ends
  gone,
};
inline constexpr std::size_t kLives = 6;

enum class LifeTrigger : std::uint8_t {
  due,        // the first probe goes out
  unopposed,  // nobody answered the last probe in time
  settled,    // the last announcement went out
  changed,    // other records under the same name (section 8.4)
  yielded,    // another device probes for the name with greater records (section 8.2)
  conflict,   // somebody has other records under the name (section 9)
  withdrawn,  // no longer wanted here
  told,       // the goodbye went out
};
inline constexpr std::size_t kLifeTriggers = 8;

std::string_view to_string(Life life);
std::string_view to_string(LifeTrigger trigger);

// Empty where the trigger cannot occur or changes nothing.
std::optional<Life> next_life(Life from, LifeTrigger trigger);

// Whether the records may be given as answers.
constexpr bool is_announced(Life life) {
  return life == Life::announcing || life == Life::established;
}

}  // namespace kith::mdns
