#pragma once

// Canonical bytes of plain values: integers in network order and of fixed width, lengths before
// contents, never a pointer and never padding. Equal values give equal bytes on every platform and
// different values different bytes.

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "kith/bytes.h"

namespace kith::trace {

// Takes bytes in order, in pieces of any size.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual void append(ByteView bytes) = 0;
};

// Collects small values before they reach the sink, in pieces of one size: most records are a few
// dozen bytes.
class Encoder {
 public:
  explicit Encoder(Sink& sink) : sink_(sink) {}
  Encoder(const Encoder&) = delete;
  Encoder& operator=(const Encoder&) = delete;

  void u8(std::uint8_t value) { integer(value); }
  void u16(std::uint16_t value) { integer(value); }
  void u32(std::uint32_t value) { integer(value); }
  void u64(std::uint64_t value) { integer(value); }
  void i64(std::int64_t value) { integer(static_cast<std::uint64_t>(value)); }
  void boolean(bool value) { integer(static_cast<std::uint8_t>(value ? 1 : 0)); }

  // As many bytes as both sides know there are.
  void fixed(ByteView bytes) {
    if (bytes.size() > buffer_.size() - used_) return fill_and_flush(bytes);
    if (!bytes.empty()) std::memcpy(buffer_.data() + used_, bytes.data(), bytes.size());
    used_ += bytes.size();
  }

  // A length and the bytes.
  void bytes(ByteView bytes) {
    u64(bytes.size());
    fixed(bytes);
  }
  void text(std::string_view text) { bytes(as_byte_view(text)); }

  // Hands everything written so far to the sink.
  void flush() {
    if (used_ > 0) sink_.append({buffer_.data(), used_});
    used_ = 0;
  }

 private:
  template <std::unsigned_integral T>
  void integer(T value) {
    std::array<std::byte, sizeof(T)> big_endian;
    for (std::size_t i = 0; i < sizeof(T); ++i) {
      big_endian[i] = static_cast<std::byte>(value >> (8 * (sizeof(T) - 1 - i)) & 0xff);
    }
    if (sizeof(T) > buffer_.size() - used_) return fill_and_flush(big_endian);
    std::memcpy(buffer_.data() + used_, big_endian.data(), sizeof(T));
    used_ += sizeof(T);
  }

  void fill_and_flush(ByteView bytes);

  Sink& sink_;
  // Always filled to the end: BLAKE3 reaches its full speed on pieces of a power of two.
  std::array<std::byte, 16384> buffer_;
  std::size_t used_ = 0;
};

}  // namespace kith::trace
