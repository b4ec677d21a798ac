#pragma once

// The bytes of a file in blocks that copies share until one of them is written to: a snapshot costs
// a pointer for each block. Parts never written read as zeros and take no memory.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "engine/base/random.h"
#include "kith/bytes.h"

namespace kith::sim {

class FileContent {
 public:
  std::uint64_t size() const { return size_; }

  // Shorter than asked only at the end.
  Bytes read(std::uint64_t offset, std::size_t length) const;
  Bytes read_all() const { return read(0, static_cast<std::size_t>(size_)); }

  void write(std::uint64_t offset, ByteView bytes);

  // What a power loss may leave where `durable` was synced and `latest` was written after it: of
  // each page that differs one or the other, and one of the two sizes.
  static FileContent torn(const FileContent& durable, const FileContent& latest,
                          RandomSource& random);

 private:
  static constexpr std::size_t kBlockBytes = 64 * 1024;
  static constexpr std::size_t kPageBytes = 4096;

  void truncate(std::uint64_t size);

  std::uint64_t size_ = 0;
  std::vector<std::shared_ptr<Bytes>> blocks_;  // each as long as was written in it, or null
};

}  // namespace kith::sim
