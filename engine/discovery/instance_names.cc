#include "engine/discovery/instance_names.h"

#include "engine/base/byte_writer.h"
#include "engine/base/text.h"
#include "engine/crypto/kdf.h"

namespace kith {
namespace {

constexpr std::size_t kLabelBytes = 20;

// Whole hours since 1970, also before it.
std::int64_t hour_of(std::int64_t unix_ms) {
  const std::int64_t hour = unix_ms / kLabelLifeMs;
  return unix_ms % kLabelLifeMs < 0 ? hour - 1 : hour;
}

std::string label_of(const VisibilityKey& key, std::int64_t hour) {
  ByteWriter message;
  message.bytes(as_byte_view("kith mdns v1"));
  message.u64(static_cast<std::uint64_t>(hour));
  const auto hash = hmac_sha256(key, message.view());
  return to_zbase32(ByteView(hash).first(kLabelBytes));
}

}  // namespace

std::string blinded_label(const VisibilityKey& key, std::int64_t unix_ms) {
  return label_of(key, hour_of(unix_ms));
}

std::vector<std::string> recognised_labels(const VisibilityKey& key, std::int64_t unix_ms) {
  const std::int64_t hour = hour_of(unix_ms);
  return {label_of(key, hour), label_of(key, hour - 1), label_of(key, hour + 1)};
}

}  // namespace kith
