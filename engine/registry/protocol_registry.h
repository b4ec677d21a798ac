#pragma once

// Which protocol answers to which ALPN, and who may speak it. The built-in protocols register like
// anyone else's.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/registry/protocol.h"

namespace kith {

class ProtocolRegistry {
 public:
  // TLS bounds an ALPN to 255 bytes (RFC 7301); the list goes into every handshake, so it is short.
  static constexpr std::size_t kMaxAlpnBytes = 64;
  static constexpr std::size_t kMaxProtocols = 32;

  struct Entry {
    std::string alpn;
    Access access = Access::paired;
    std::unique_ptr<Protocol> protocol;
  };

  // The index to number this protocol's effects with, before it is made.
  std::uint16_t next_index() const { return static_cast<std::uint16_t>(entries_.size()); }

  // already_exists, invalid_argument (empty or too long), limit_exceeded.
  Result<std::uint16_t> add(std::string alpn, Access access, std::unique_ptr<Protocol> protocol);

  const Entry* find(std::string_view alpn) const;
  std::uint16_t index_of(const Entry& entry) const;

  std::vector<Entry>& entries() { return entries_; }
  const std::vector<Entry>& entries() const { return entries_; }

 private:
  std::vector<Entry> entries_;
};

}  // namespace kith
