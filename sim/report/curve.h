#pragma once

// A quantity over time in a bounded number of points: the first, the latest, and every n-th in
// between, with n doubled whenever the room is full.

#include <cstdint>
#include <vector>

#include "kith/time.h"

namespace kith::sim {

class Curve {
 public:
  static constexpr std::size_t kMostPoints = 128;  // even

  struct Point {
    Instant at;
    std::uint64_t value = 0;
    friend bool operator==(const Point&, const Point&) = default;
  };

  void add(Instant at, std::uint64_t value) {
    if (latest_only_) {
      points_.back() = {at, value};
    } else {
      points_.push_back({at, value});
    }
    latest_only_ = seen_++ % stride_ != 0;
    if (points_.size() < kMostPoints) return;
    for (std::size_t i = 1; i < kMostPoints / 2; ++i) points_[i] = points_[2 * i];
    points_[kMostPoints / 2] = points_.back();
    points_.resize(kMostPoints / 2 + 1);
    stride_ *= 2;
    latest_only_ = true;
  }

  const std::vector<Point>& points() const { return points_; }
  bool thinned() const { return stride_ > 1; }

 private:
  std::vector<Point> points_;
  std::uint64_t seen_ = 0;
  std::uint64_t stride_ = 1;
  bool latest_only_ = false;  // the last point gives way to the next
};

}  // namespace kith::sim
