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

  // What disks and their caches write at a time.
  static constexpr std::size_t kPageBytes = 4096;
  static constexpr std::size_t kSectorBytes = 512;

  // What a power loss may leave where `durable` was synced and `latest` was written after it: of
  // each page that differs one or the other, and one of the two sizes.
  static FileContent torn(const FileContent& durable, const FileContent& latest,
                          RandomSource& random);

  // The offsets of pages up to the end of `latest` that differ.
  static std::vector<std::uint64_t> different_pages(const FileContent& durable,
                                                    const FileContent& latest);
  // As `from` has it, as far as this file reaches; zeros beyond its end.
  void copy_page(const FileContent& from, std::uint64_t page);

  void resize(std::uint64_t size);
  void flip_bit(std::uint64_t bit);

 private:
  static constexpr std::size_t kBlockBytes = 64 * 1024;

  void truncate(std::uint64_t size);

  std::uint64_t size_ = 0;
  std::vector<std::shared_ptr<Bytes>> blocks_;  // each as long as was written in it, or null
};

}  // namespace kith::sim
