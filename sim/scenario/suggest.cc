#include "sim/scenario/suggest.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>

namespace kith::sim {
namespace {

constexpr std::size_t kFew = 8;
constexpr std::size_t kMostMistakes = 2;

// How many characters have to be added, left out or exchanged to make one of the other.
std::size_t mistakes_between(std::string_view one, std::string_view other) {
  std::vector<std::size_t> row(other.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < one.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < other.size(); ++j) {
      const std::size_t exchanged = diagonal + (one[i] == other[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({exchanged, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::string suggest(std::string_view wanted, const std::vector<std::string_view>& known) {
  if (known.empty()) return "";
  if (known.size() <= kFew) return fmt::format("; known: {}", fmt::join(known, ", "));
  std::string_view nearest;
  std::size_t fewest = kMostMistakes + 1;
  for (const std::string_view name : known) {
    if (std::max(name.size(), wanted.size()) - std::min(name.size(), wanted.size()) >= fewest) {
      continue;
    }
    const std::size_t mistakes = mistakes_between(wanted, name);
    if (mistakes >= fewest) continue;
    nearest = name;
    fewest = mistakes;
  }
  return fewest > kMostMistakes ? "" : fmt::format("; did you mean \"{}\"?", nearest);
}

}  // namespace kith::sim
