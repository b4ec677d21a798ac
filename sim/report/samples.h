#pragma once

// Measured values of one kind, for a distribution: all of them, or every n-th once they are many,
// with n doubled whenever the room is full.

#include <cstdint>
#include <vector>

namespace kith::sim {

class Samples {
 public:
  static constexpr std::size_t kMost = 16'384;  // even

  void add(std::int64_t value) {
    if (seen_++ % stride_ != 0) return;
    values_.push_back(value);
    if (values_.size() < kMost) return;
    for (std::size_t i = 0; i < kMost / 2; ++i) values_[i] = values_[2 * i];
    values_.resize(kMost / 2);
    stride_ *= 2;
  }

  const std::vector<std::int64_t>& values() const { return values_; }
  std::uint64_t seen() const { return seen_; }
  std::uint64_t stride() const { return stride_; }

 private:
  std::vector<std::int64_t> values_;
  std::uint64_t seen_ = 0;
  std::uint64_t stride_ = 1;
};

}  // namespace kith::sim
