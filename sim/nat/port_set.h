#pragma once

// The ports of one public address that are taken: a bit each, in chunks that exist only where a
// port was ever taken.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

namespace kith::sim {

class PortSet {
 public:
  bool contains(std::uint16_t port) const {
    const Chunk* chunk = chunks_[port / kChunkPorts].get();
    return chunk != nullptr && (chunk->words[port % kChunkPorts / 64] >> port % 64 & 1) != 0;
  }

  void insert(std::uint16_t port) {
    std::unique_ptr<Chunk>& chunk = chunks_[port / kChunkPorts];
    if (!chunk) chunk = std::make_unique<Chunk>();
    chunk->words[port % kChunkPorts / 64] |= std::uint64_t{1} << port % 64;
  }

  void erase(std::uint16_t port) {
    if (Chunk* chunk = chunks_[port / kChunkPorts].get()) {
      chunk->words[port % kChunkPorts / 64] &= ~(std::uint64_t{1} << port % 64);
    }
  }

  // The first port in [from, end) that is not taken and has its bit set in `wanted`, which repeats
  // every 64 ports.
  std::optional<std::uint16_t> first_free(std::uint32_t from, std::uint32_t end,
                                          std::uint64_t wanted) const {
    for (std::uint32_t base = from & ~63u; base < end; base += 64) {
      std::uint64_t free = ~word(base) & wanted;
      if (base < from) free &= ~std::uint64_t{0} << (from - base);
      if (free == 0) continue;
      const std::uint32_t port = base + static_cast<std::uint32_t>(std::countr_zero(free));
      if (port >= end) return std::nullopt;
      return static_cast<std::uint16_t>(port);
    }
    return std::nullopt;
  }

 private:
  static constexpr std::size_t kChunkPorts = 2048;
  struct Chunk {
    std::array<std::uint64_t, kChunkPorts / 64> words{};
  };

  std::uint64_t word(std::uint32_t port) const {
    const Chunk* chunk = chunks_[port / kChunkPorts].get();
    return chunk == nullptr ? 0 : chunk->words[port % kChunkPorts / 64];
  }

  std::array<std::unique_ptr<Chunk>, 65'536 / kChunkPorts> chunks_;
};

}  // namespace kith::sim
