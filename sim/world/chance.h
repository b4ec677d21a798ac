#pragma once

// Probabilities and drawn amounts in integers: floating point differs between compilers.

#include <compare>
#include <cstdint>

#include "engine/base/random.h"
#include "kith/time.h"

namespace kith::sim {

// Parts per million.
struct Ppm {
  std::uint32_t value = 0;
  static constexpr std::uint32_t kAlways = 1'000'000;
  friend constexpr auto operator<=>(Ppm, Ppm) = default;
};

// Whether a uniform draw of 32 bits falls within the rate.
constexpr bool hits(std::uint32_t draw, Ppm rate) {
  return (std::uint64_t{draw} * Ppm::kAlways >> 32) < rate.value;
}

// The longest range that scaled() covers: 32 bits of nanoseconds.
inline constexpr Duration kLongestDrawnRange = std::chrono::seconds(4);

// A uniform draw of 32 bits as a duration in [0, range); zero for an empty range.
constexpr Duration scaled(std::uint32_t draw, Duration range) {
  return Duration{static_cast<std::int64_t>(
      std::uint64_t{draw} * static_cast<std::uint64_t>(range.count()) >> 32)};
}

// The same for ranges up to weeks, in whole milliseconds.
constexpr Duration scaled_coarsely(std::uint32_t draw, Duration range) {
  const auto milliseconds = static_cast<std::uint64_t>(range.count()) / 1'000'000;
  return std::chrono::milliseconds(std::uint64_t{draw} * milliseconds >> 32);
}

// A stream of draws in eight bytes of state, for what is too small and too many to own a
// RandomSource: SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators",
// OOPSLA 2014), seeded from one. Good enough for what a link does to a datagram, and no secret.
class DrawStream {
 public:
  explicit DrawStream(RandomSource&& source) : state_(source.next_u64()) {}

  std::uint64_t next_u64() {
    state_ += kStep;
    std::uint64_t mixed = state_;
    mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9ull;
    mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111ebull;
    return mixed ^ mixed >> 31;
  }

  // As if `count` numbers had been drawn.
  void skip(std::uint64_t count) { state_ += count * kStep; }

 private:
  static constexpr std::uint64_t kStep = 0x9e3779b97f4a7c15ull;

  std::uint64_t state_;
};

// Uniform in [least, most].
inline Duration draw_between(RandomSource& random, Duration least, Duration most) {
  const auto span = static_cast<std::uint64_t>((most - least).count());
  return least + Duration{static_cast<std::int64_t>(random.below(span + 1))};
}

}  // namespace kith::sim
