#pragma once

// The only source of randomness in the engine: a deterministic generator with fast key erasure.
//
//   seed --+-- key --ChaCha20--> 512 bytes = 32 bytes next key | 480 bytes output, erased as drawn
//          \-- root --BLAKE2b(label)--> seed of a child
//
// Equal seeds and equal calls give equal bytes on every platform. Draws and forks do not disturb
// each other: a new draw in one component shifts nothing in another. Who reads the memory of a
// source learns nothing drawn from it before the last refill, but can derive its children from the
// root: fork when composing an engine, then let the parent go.
//
// It does not own: where seeds and fresh entropy come from (io, or the simulator's own source).

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include "kith/bytes.h"

namespace kith {

class RandomSource {
 public:
  explicit RandomSource(const std::array<std::byte, 32>& seed);
  ~RandomSource();

  // A moved-from source is wiped; drawing from it is a programmer error.
  RandomSource(RandomSource&& other) noexcept;
  RandomSource& operator=(RandomSource&& other) noexcept;
  RandomSource(const RandomSource&) = delete;
  RandomSource& operator=(const RandomSource&) = delete;

  // An independent source. The same label (and index) of the same source gives the same child, as
  // long as nothing is mixed in between, so each component uses a label of its own.
  RandomSource fork(std::string_view label) const;
  RandomSource fork(std::string_view label, std::uint64_t index) const;

  // Adds fresh entropy: everything drawn and every child forked from here on depends on it as well
  // as on all that came before. Children forked earlier are sources of their own: mix them too.
  void mix(ByteView entropy);

  void fill(std::span<std::byte> out);

  template <std::size_t N>
  std::array<std::byte, N> bytes() {
    std::array<std::byte, N> out;
    fill(out);
    return out;
  }

  std::uint64_t next_u64();

  // Uniform in [0, bound); bound is not zero.
  std::uint64_t below(std::uint64_t bound);

  // True numerator times out of denominator. Draws even when the answer is certain, so that a rate
  // set to zero does not shift what is drawn later.
  bool chance(std::uint32_t numerator, std::uint32_t denominator);

  // Every order equally likely, and the same one on every standard library.
  template <class T>
  void shuffle(std::span<T> items) {
    for (std::size_t left = items.size(); left > 1; --left) {
      std::swap(items[left - 1], items[static_cast<std::size_t>(below(left))]);
    }
  }

 private:
  using Key = std::array<std::byte, 32>;
  static constexpr std::size_t kRefillBytes = 512;  // eight ChaCha20 blocks, so one wide SIMD pass

  RandomSource fork_from(std::uint8_t kind, std::uint64_t index, std::string_view label) const;
  void refill();
  void wipe();

  Key key_{};
  Key root_{};
  std::array<std::byte, kRefillBytes - sizeof(Key)> output_{};
  std::size_t used_ = 0;  // bytes of output_ already drawn and erased
  bool live_ = true;
};

}  // namespace kith
