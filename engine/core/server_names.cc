#include "engine/core/server_names.h"

#include <algorithm>

#include "engine/base/text.h"

namespace kith {
namespace {

constexpr std::string_view kSuffix = ".iroh.invalid";

}  // namespace

std::string server_name_of(const DeviceId& key) {
  return to_base32hex(key.bytes) + std::string(kSuffix);
}

std::optional<DeviceId> key_of_server_name(std::string_view name) {
  if (!name.ends_with(kSuffix)) return std::nullopt;
  const auto bytes = from_base32hex(name.substr(0, name.size() - kSuffix.size()));
  DeviceId key;
  if (!bytes || bytes->size() != key.bytes.size()) return std::nullopt;
  std::copy(bytes->begin(), bytes->end(), key.bytes.begin());
  return key;
}

}  // namespace kith
