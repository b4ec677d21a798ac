// A capsule from anywhere: what is read must be written as something that reads the same.

#include <algorithm>

#include "engine/base/check.h"
#include "engine/crypto/blake3.h"
#include "sim/capsule/capsule.h"

namespace kith::sim {
namespace {

void read_file(ByteView file) {
  const auto capsule = decode_capsule(file);
  if (!capsule) {
    KITH_CHECK(!capsule.error().message.empty());
    return;
  }
  KITH_CHECK(looks_like_capsule(file));
  const auto again = decode_capsule(encode_capsule(*capsule));
  KITH_CHECK(again.has_value() && *again == *capsule);
}

// The checksum would stop every change of a byte: it is made to match.
Bytes with_right_checksum(ByteView file) {
  constexpr std::size_t kChecksumBytes = 8;
  Bytes fixed = to_bytes(file);
  if (fixed.size() < kChecksumBytes) return fixed;
  const Digest digest = blake3(ByteView(fixed).first(fixed.size() - kChecksumBytes));
  std::copy_n(digest.bytes.begin(), kChecksumBytes, fixed.end() - kChecksumBytes);
  return fixed;
}

}  // namespace
}  // namespace kith::sim

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const kith::ByteView file = std::as_bytes(std::span(data, size));
  kith::sim::read_file(file);
  kith::sim::read_file(kith::sim::with_right_checksum(file));
  return 0;
}
