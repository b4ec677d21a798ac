#include "engine/trace/encoder.h"

#include <algorithm>

namespace kith::trace {

void Encoder::fill_and_flush(ByteView bytes) {
  while (!bytes.empty()) {
    const std::size_t fits = std::min(bytes.size(), buffer_.size() - used_);
    std::memcpy(buffer_.data() + used_, bytes.data(), fits);
    used_ += fits;
    bytes = bytes.subspan(fits);
    if (used_ == buffer_.size()) flush();
  }
}

}  // namespace kith::trace
