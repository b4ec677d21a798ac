#pragma once

// Draws as scenario documents write them: exact to a millisecond.

#include <cstdint>

#include "engine/base/random.h"
#include "kith/time.h"
#include "sim/scenario/scenario.h"

namespace kith::sim {

// Seconds as a document has them.
inline double document_seconds(Duration duration) {
  return static_cast<double>(duration.count() / 1'000'000) / 1000;
}

// Uniform in [least, most], to the millisecond.
inline Duration draw_time(RandomSource& random, Duration least, Duration most) {
  const auto span = static_cast<std::uint64_t>((most - least).count() / 1'000'000);
  return least + std::chrono::milliseconds(random.below(span + 1));
}

inline double draw_seconds(RandomSource& random, Duration least, Duration most) {
  return document_seconds(draw_time(random, least, most));
}

// One of a list that is not empty.
template <class List>
const auto& draw_one(RandomSource& random, const List& list) {
  return list[static_cast<std::size_t>(random.below(list.size()))];
}

}  // namespace kith::sim
