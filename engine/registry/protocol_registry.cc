#include "engine/registry/protocol_registry.h"

#include <utility>

namespace kith {

Result<std::uint16_t> ProtocolRegistry::add(std::string alpn, Access access,
                                            std::unique_ptr<Protocol> protocol) {
  if (alpn.empty() || alpn.size() > kMaxAlpnBytes) {
    return failure(ErrorCode::invalid_argument, "a protocol's ALPN has 1 to 64 bytes");
  }
  if (find(alpn) != nullptr) {
    return failure(ErrorCode::already_exists, "the protocol " + alpn + " is registered already");
  }
  if (entries_.size() == kMaxProtocols) {
    return failure(ErrorCode::limit_exceeded, "no more than 32 protocols can be registered");
  }
  const std::uint16_t index = next_index();
  entries_.push_back({std::move(alpn), access, std::move(protocol)});
  return index;
}

const ProtocolRegistry::Entry* ProtocolRegistry::find(std::string_view alpn) const {
  for (const Entry& entry : entries_) {
    if (entry.alpn == alpn) return &entry;
  }
  return nullptr;
}

std::uint16_t ProtocolRegistry::index_of(const Entry& entry) const {
  return static_cast<std::uint16_t>(&entry - entries_.data());
}

}  // namespace kith
