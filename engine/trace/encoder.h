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

// Collects small values before they reach the sink: most records are a few dozen bytes.
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
    if (bytes.size() > buffer_.size() - used_) flush();
    if (bytes.size() > buffer_.size()) {
      sink_.append(bytes);
    } else if (!bytes.empty()) {
      std::memcpy(buffer_.data() + used_, bytes.data(), bytes.size());
      used_ += bytes.size();
    }
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
    if (buffer_.size() - used_ < sizeof(T)) flush();
    for (std::size_t i = sizeof(T); i-- > 0;) {
      buffer_[used_++] = static_cast<std::byte>(value >> (8 * i) & 0xff);
    }
  }

  Sink& sink_;
  std::array<std::byte, 16384> buffer_;  // BLAKE3 reaches its full speed on such pieces
  std::size_t used_ = 0;
};

}  // namespace kith::trace
