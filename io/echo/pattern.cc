#include "io/echo/pattern.h"

#include <algorithm>

namespace kith::echo {

// The finalizer of MurmurHash3: every bit of the index reaches every bit of the word.
std::uint64_t Pattern::word(std::uint64_t index) const {
  std::uint64_t mixed = index ^ salt_;
  mixed = (mixed ^ (mixed >> 33)) * 0xff51afd7ed558ccdu;
  mixed = (mixed ^ (mixed >> 33)) * 0xc4ceb9fe1a85ec53u;
  return mixed ^ (mixed >> 33);
}

void Pattern::fill(std::uint64_t offset, std::span<std::byte> out) const {
  for (std::size_t at = 0; at < out.size();) {
    const std::uint64_t position = offset + at;
    std::uint64_t rest = word(position / 8) >> (8 * (position % 8));
    const std::size_t count =
        std::min<std::size_t>(out.size() - at, static_cast<std::size_t>(8 - position % 8));
    for (std::size_t i = 0; i < count; ++i, rest >>= 8) {
      out[at++] = static_cast<std::byte>(rest & 0xff);
    }
  }
}

bool Pattern::matches(std::uint64_t offset, ByteView bytes) const {
  Bytes wanted(bytes.size());
  fill(offset, wanted);
  return std::equal(bytes.begin(), bytes.end(), wanted.begin());
}

}  // namespace kith::echo
