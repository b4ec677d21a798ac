#include "sim/disk/file_content.h"

#include <algorithm>

namespace kith::sim {

Bytes FileContent::read(std::uint64_t offset, std::size_t length) const {
  if (offset >= size_) return {};
  Bytes out(static_cast<std::size_t>(std::min<std::uint64_t>(length, size_ - offset)));
  std::size_t done = 0;
  while (done < out.size()) {
    const auto index = static_cast<std::size_t>((offset + done) / kBlockBytes);
    const auto within = static_cast<std::size_t>((offset + done) % kBlockBytes);
    const std::size_t wanted = std::min(out.size() - done, kBlockBytes - within);
    if (index < blocks_.size() && blocks_[index] && within < blocks_[index]->size()) {
      const std::size_t there = std::min(wanted, blocks_[index]->size() - within);
      std::copy_n(blocks_[index]->begin() + static_cast<std::ptrdiff_t>(within), there,
                  out.begin() + static_cast<std::ptrdiff_t>(done));
    }
    done += wanted;
  }
  return out;
}

void FileContent::write(std::uint64_t offset, ByteView bytes) {
  if (bytes.empty()) return;
  size_ = std::max<std::uint64_t>(size_, offset + bytes.size());
  blocks_.resize(static_cast<std::size_t>((size_ + kBlockBytes - 1) / kBlockBytes));
  std::size_t done = 0;
  while (done < bytes.size()) {
    const auto index = static_cast<std::size_t>((offset + done) / kBlockBytes);
    const auto within = static_cast<std::size_t>((offset + done) % kBlockBytes);
    const std::size_t length = std::min(bytes.size() - done, kBlockBytes - within);
    std::shared_ptr<Bytes>& block = blocks_[index];
    if (!block) {
      block = std::make_shared<Bytes>();
    } else if (block.use_count() > 1) {
      block = std::make_shared<Bytes>(*block);
    }
    if (block->size() < within + length) block->resize(within + length);
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(done), length,
                block->begin() + static_cast<std::ptrdiff_t>(within));
    done += length;
  }
}

FileContent FileContent::torn(const FileContent& durable, const FileContent& latest,
                              RandomSource& random) {
  if (durable.size_ == latest.size_ && durable.blocks_ == latest.blocks_) return durable;
  FileContent result = durable;
  for (std::size_t index = 0; index < latest.blocks_.size(); ++index) {
    const bool known = index < durable.blocks_.size();
    if (known && durable.blocks_[index] == latest.blocks_[index]) continue;
    for (std::uint64_t page = index * kBlockBytes;
         page < std::min<std::uint64_t>(latest.size_, (index + 1) * kBlockBytes);
         page += kPageBytes) {
      if (random.chance(1, 2)) result.write(page, latest.read(page, kPageBytes));
    }
  }
  const std::uint64_t size = random.chance(1, 2) ? latest.size_ : durable.size_;
  if (size < result.size_) result.truncate(size);
  if (size > result.size_) {
    result.size_ = size;
    result.blocks_.resize(static_cast<std::size_t>((size + kBlockBytes - 1) / kBlockBytes));
  }
  return result;
}

void FileContent::truncate(std::uint64_t size) {
  size_ = size;
  blocks_.resize(static_cast<std::size_t>((size + kBlockBytes - 1) / kBlockBytes));
  const auto within = static_cast<std::size_t>(size % kBlockBytes);
  if (within == 0 || blocks_.empty() || !blocks_.back() || blocks_.back()->size() <= within) return;
  // What lay beyond the end must not come back when the file grows again.
  blocks_.back() = std::make_shared<Bytes>(*blocks_.back());
  blocks_.back()->resize(within);
}

}  // namespace kith::sim
