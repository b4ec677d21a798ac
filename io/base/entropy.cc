#include "io/base/entropy.h"

#include <sys/random.h>

#include <cerrno>

#include "engine/base/check.h"

namespace kith::io {

void fill_with_entropy(std::span<std::byte> out) {
  while (!out.empty()) {
    const ssize_t count = ::getrandom(out.data(), out.size(), 0);
    if (count < 0 && errno == EINTR) continue;
    KITH_CHECK_MSG(count > 0, "the system gives no randomness (errno {})", errno);
    out = out.subspan(static_cast<std::size_t>(count));
  }
}

}  // namespace kith::io
