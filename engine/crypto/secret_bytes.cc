#include "engine/crypto/secret_bytes.h"

#include <sodium.h>

#include <algorithm>
#include <utility>

#include "engine/base/sodium.h"

namespace kith {

SecretBytes::SecretBytes(std::size_t size_bytes) : size_bytes_(size_bytes) {
  if (size_bytes == 0) return;
  ensure_sodium();
  data_ = static_cast<std::byte*>(sodium_malloc(size_bytes));
  KITH_CHECK_MSG(data_ != nullptr, "no guarded memory left for {} bytes", size_bytes);
  std::fill_n(data_, size_bytes, std::byte{0});
}

SecretBytes::~SecretBytes() { release(); }

SecretBytes::SecretBytes(SecretBytes&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_bytes_(std::exchange(other.size_bytes_, 0)) {}

SecretBytes& SecretBytes::operator=(SecretBytes&& other) noexcept {
  if (this == &other) return *this;
  release();
  data_ = std::exchange(other.data_, nullptr);
  size_bytes_ = std::exchange(other.size_bytes_, 0);
  return *this;
}

SecretBytes SecretBytes::copy_of(ByteView bytes) {
  SecretBytes copy(bytes.size());
  std::copy(bytes.begin(), bytes.end(), copy.data_);
  return copy;
}

SecretBytes SecretBytes::random(std::size_t size_bytes, RandomSource& random) {
  SecretBytes drawn(size_bytes);
  random.fill(drawn.writable());
  return drawn;
}

void SecretBytes::release() {
  sodium_free(data_);  // zeroes first; aborts if a neighbouring write damaged the canary
  data_ = nullptr;
  size_bytes_ = 0;
}

void wipe(std::span<std::byte> bytes) { sodium_memzero(bytes.data(), bytes.size()); }

bool equal_in_constant_time(ByteView a, ByteView b) {
  return a.size() == b.size() && (a.empty() || sodium_memcmp(a.data(), b.data(), a.size()) == 0);
}

}  // namespace kith
