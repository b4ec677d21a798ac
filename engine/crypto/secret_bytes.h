#pragma once

// Memory for keys and passwords. SecretBytes and SecretArray are for secrets that stay: guarded and
// locked by libsodium (sodium_malloc), zeroed when given up, compared in constant time, and never
// copied without saying so. Each costs four pages and 20 microseconds; a process on Linux can hold
// about 16,000 (vm.max_map_count). ScratchSecret is for a secret that lives for one call.

#include <array>
#include <cstddef>
#include <span>
#include <utility>

#include "engine/base/check.h"
#include "engine/base/random.h"
#include "kith/bytes.h"

namespace kith {

// A secret whose length is known at run time.
class SecretBytes {
 public:
  SecretBytes() = default;                       // empty
  explicit SecretBytes(std::size_t size_bytes);  // zeros
  ~SecretBytes();

  SecretBytes(SecretBytes&& other) noexcept;
  SecretBytes& operator=(SecretBytes&& other) noexcept;
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;

  // The caller still holds the original and answers for wiping it.
  static SecretBytes copy_of(ByteView bytes);
  static SecretBytes random(std::size_t size_bytes, RandomSource& random);

  SecretBytes clone() const { return copy_of(view()); }

  ByteView view() const { return {data_, size_bytes_}; }
  std::span<std::byte> writable() { return {data_, size_bytes_}; }
  std::size_t size() const { return size_bytes_; }
  bool empty() const { return size_bytes_ == 0; }

 private:
  void release();

  std::byte* data_ = nullptr;
  std::size_t size_bytes_ = 0;
};

// A secret of exactly N bytes. Moving one leaves zero bytes behind, which only destruction and
// assignment may follow: every other use is checked.
template <std::size_t N>
class SecretArray {
 public:
  SecretArray() : bytes_(N) {}
  // Takes over a secret of N bytes.
  explicit SecretArray(SecretBytes bytes) : bytes_(std::move(bytes)) {
    KITH_CHECK(bytes_.size() == N);
  }

  static SecretArray copy_of(std::span<const std::byte, N> bytes) {
    return SecretArray(SecretBytes::copy_of(bytes));
  }
  static SecretArray random(RandomSource& random) {
    return SecretArray(SecretBytes::random(N, random));
  }

  SecretArray clone() const { return copy_of(view()); }

  std::span<const std::byte, N> view() const {
    KITH_CHECK(bytes_.size() == N);
    return std::span<const std::byte, N>(bytes_.view().data(), N);
  }
  std::span<std::byte, N> writable() {
    KITH_CHECK(bytes_.size() == N);
    return std::span<std::byte, N>(bytes_.writable().data(), N);
  }
  static constexpr std::size_t size() { return N; }

 private:
  SecretBytes bytes_;
};

using SecretKey = SecretArray<32>;

// Overwrites memory in a way no compiler leaves out.
void wipe(std::span<std::byte> bytes);

// N bytes on the stack, zeroed when they go out of scope, as is every copy.
template <std::size_t N>
class ScratchSecret {
 public:
  ScratchSecret() = default;
  ~ScratchSecret() { wipe(bytes_); }
  ScratchSecret(const ScratchSecret&) = default;
  ScratchSecret& operator=(const ScratchSecret&) = default;

  std::span<const std::byte, N> view() const { return bytes_; }
  std::span<std::byte, N> writable() { return bytes_; }
  static constexpr std::size_t size() { return N; }

 private:
  std::array<std::byte, N> bytes_{};
};

// Whether two byte strings are equal, in a time that depends only on their lengths.
bool equal_in_constant_time(ByteView a, ByteView b);

inline bool operator==(const SecretBytes& a, const SecretBytes& b) {
  return equal_in_constant_time(a.view(), b.view());
}
template <std::size_t N>
bool operator==(const SecretArray<N>& a, const SecretArray<N>& b) {
  return equal_in_constant_time(a.view(), b.view());
}

}  // namespace kith
