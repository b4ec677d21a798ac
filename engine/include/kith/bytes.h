#pragma once

// Bytes as the engine passes them: owned, borrowed, or shared between a stream and a pool.

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace kith {

// Bytes with one owner.
using Bytes = std::vector<std::byte>;
// Bytes of somebody else, for the length of a call.
using ByteView = std::span<const std::byte>;

// Views the characters of `text` as bytes.
inline ByteView as_byte_view(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

// Views bytes as characters, without judging whether they are text.
inline std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// A copy of what is viewed.
inline Bytes to_bytes(ByteView view) { return {view.begin(), view.end()}; }

// An immutable slice of a buffer that several owners may hold: a chunk read from a file is hashed,
// sent and kept until it is acknowledged without being copied.
class SharedBytes {
 public:
  SharedBytes() = default;
  // All of `bytes`.
  explicit SharedBytes(Bytes bytes)
      : owner_(std::make_shared<const Bytes>(std::move(bytes))), view_(*owner_) {}

  ByteView view() const { return view_; }
  std::size_t size() const { return view_.size(); }
  bool empty() const { return view_.empty(); }

  // The part [offset, offset + length) of this slice; the caller keeps it within bounds.
  SharedBytes slice(std::size_t offset, std::size_t length) const {
    SharedBytes part;
    part.owner_ = owner_;
    part.view_ = view_.subspan(offset, length);
    return part;
  }

 private:
  std::shared_ptr<const Bytes> owner_;
  ByteView view_;
};

}  // namespace kith
