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
  result.resize(random.chance(1, 2) ? latest.size_ : durable.size_);
  return result;
}

std::vector<std::uint64_t> FileContent::different_pages(const FileContent& durable,
                                                        const FileContent& latest) {
  std::vector<std::uint64_t> pages;
  for (std::size_t index = 0; index < latest.blocks_.size(); ++index) {
    if (index < durable.blocks_.size() && durable.blocks_[index] == latest.blocks_[index]) continue;
    const std::uint64_t end =
        std::min<std::uint64_t>(latest.size_, std::uint64_t{index + 1} * kBlockBytes);
    for (std::uint64_t page = std::uint64_t{index} * kBlockBytes; page < end; page += kPageBytes) {
      if (durable.read(page, kPageBytes) != latest.read(page, kPageBytes)) pages.push_back(page);
    }
  }
  return pages;
}

void FileContent::copy_page(const FileContent& from, std::uint64_t page) {
  if (page >= size_) return;
  Bytes bytes = from.read(page, kPageBytes);
  bytes.resize(static_cast<std::size_t>(std::min<std::uint64_t>(kPageBytes, size_ - page)));
  write(page, bytes);
}

void FileContent::flip_bit(std::uint64_t bit) {
  Bytes byte = read(bit / 8, 1);
  if (byte.empty()) return;
  byte[0] ^= static_cast<std::byte>(1u << (bit % 8));
  write(bit / 8, byte);
}

void FileContent::resize(std::uint64_t size) {
  if (size < size_) truncate(size);
  if (size <= size_) return;
  size_ = size;
  blocks_.resize(static_cast<std::size_t>((size + kBlockBytes - 1) / kBlockBytes));
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
