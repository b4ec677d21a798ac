#pragma once

// Invariant: words that nobody shows give no session, and every attempt is one guess: who types
// words is asked at most once and paired at most once for it, who shows them is asked at most once
// for each attempt and paired once, and nothing follows the end of an attempt.

#include <array>
#include <cstdint>
#include <map>
#include <utility>

#include "sim/checkers/checker.h"
#include "sim/world/device.h"

namespace kith::sim {

class OneGuess final : public Checker {
 public:
  std::string_view name() const override { return "one_guess"; }

  void on_input(Device& device, Instant at, const Input& input) override;
  void on_output(Device& device, Instant at, const Output& output) override;

 private:
  using Words = std::array<std::byte, 16>;
  struct Attempt {
    Words words{};
    bool shows = false;
    std::uint64_t asked = 0;
    bool over = false;
  };
  struct Code {
    bool shown = false;
    std::uint64_t guesses = 0;  // how often it was typed
  };

  Attempt* attempt_of(const Device& device, RequestId request);
  void on_asked(const Device& device, Instant at, RequestId request);
  void on_over(const Device& device, Instant at, RequestId request, bool paired);

  std::map<Words, Code> codes_;
  std::map<std::pair<DeviceIndex, RequestId>, Attempt> attempts_;
};

}  // namespace kith::sim
