#pragma once

// What every user of libsodium here needs.

#include <cstddef>
#include <span>

#include "kith/bytes.h"

namespace kith {

// libsodium must be initialised once in a process before its functions are used: it picks the
// fastest implementation for the processor and prepares guarded memory. What it computes does not
// depend on it. Cheap to call again, from any thread.
void ensure_sodium();

// libsodium takes bytes as unsigned char, and declares most pointers non-null even where the length
// is zero.
inline const unsigned char* uchars(ByteView bytes) {
  static constexpr unsigned char kNothing = 0;
  return bytes.empty() ? &kNothing : reinterpret_cast<const unsigned char*>(bytes.data());
}
inline unsigned char* uchars_out(std::span<std::byte> bytes) {
  return reinterpret_cast<unsigned char*>(bytes.data());
}

}  // namespace kith
