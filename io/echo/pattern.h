#pragma once

// Bytes to send through an echo: any piece of them can be made or checked by its offset alone, and
// a piece that is shifted, doubled or from another run does not pass.

#include <cstdint>
#include <span>

#include "kith/bytes.h"

namespace kith::echo {

class Pattern {
 public:
  explicit Pattern(std::uint64_t salt) : salt_(salt) {}

  void fill(std::uint64_t offset, std::span<std::byte> out) const;
  bool matches(std::uint64_t offset, ByteView bytes) const;

 private:
  std::uint64_t word(std::uint64_t index) const;

  std::uint64_t salt_;
};

}  // namespace kith::echo
