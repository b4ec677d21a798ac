#pragma once

// Delta debugging: which of many things a failure needs (A. Zeller and R. Hildebrandt, "Simplifying
// and Isolating Failure-Inducing Input", 2002, section 3.2).

#include <algorithm>
#include <cstddef>
#include <functional>
#include <numeric>
#include <vector>

namespace kith::sim {

// `fails(kept)` says whether the failure stays with these of the numbers below `count`, in their
// order. Returns the last that did, of which no single one can be left out; all if none did.
// Once `stopped` says so it looks no further.
template <class Fails>
std::vector<std::size_t> ddmin(
    std::size_t count, const Fails& fails,
    const std::function<bool()>& stopped = [] { return false; }) {
  using Numbers = std::vector<std::size_t>;
  Numbers kept(count);
  std::iota(kept.begin(), kept.end(), std::size_t{0});
  if (count == 0) return kept;
  if (fails(Numbers{})) return {};
  std::size_t parts = 2;
  while (kept.size() >= 2 && !stopped()) {
    const std::size_t size = kept.size();
    const auto begin_of = [&](std::size_t part) {
      return kept.begin() + static_cast<std::ptrdiff_t>(size * part / parts);
    };
    Numbers smaller;
    for (std::size_t part = 0; part < parts && smaller.empty(); ++part) {
      const Numbers one(begin_of(part), begin_of(part + 1));
      if (fails(one)) smaller = one;
    }
    if (!smaller.empty()) {
      kept = smaller;
      parts = 2;
      continue;
    }
    // Of two parts, either is what is left without the other.
    for (std::size_t part = 0; parts > 2 && part < parts && smaller.empty(); ++part) {
      Numbers others(kept.begin(), begin_of(part));
      others.insert(others.end(), begin_of(part + 1), kept.end());
      if (fails(others)) smaller = others;
    }
    if (!smaller.empty()) {
      kept = smaller;
      parts = std::max<std::size_t>(parts - 1, 2);
      continue;
    }
    if (parts >= size) break;
    parts = std::min(parts * 2, size);
  }
  return kept;
}

}  // namespace kith::sim
