#include "engine/discovery/dht/node_id.h"

#include <algorithm>
#include <bit>

#include "engine/base/text.h"

namespace kith::dht {
namespace {

// BEP 42: the bits of an address that count, most of them far left, where networks differ.
constexpr std::array<std::uint8_t, 4> kMask4{0x03, 0x0f, 0x3f, 0xff};
constexpr std::array<std::uint8_t, 8> kMask6{0x01, 0x03, 0x07, 0x0f, 0x1f, 0x3f, 0x7f, 0xff};

std::uint32_t crc_of(const Address& address, std::uint8_t seed) {
  std::array<std::byte, 8> masked{};
  const bool v4 = address.family == Address::Family::ipv4;
  const std::size_t length = v4 ? kMask4.size() : kMask6.size();
  for (std::size_t i = 0; i < length; ++i) {
    masked[i] = address.ip[i] & std::byte{v4 ? kMask4[i] : kMask6[i]};
  }
  masked[0] |= static_cast<std::byte>((seed & 7) << 5);
  return crc32c(ByteView(masked).first(length));
}

bool v4_is_global(const Address& address) {
  const auto at = [&](std::size_t i) { return std::to_integer<unsigned>(address.ip[i]); };
  const unsigned a = at(0);
  const unsigned b = at(1);
  if (a == 0 || a == 10 || a == 127 || a >= 224) return false;
  if (a == 100 && b >= 64 && b < 128) return false;
  if (a == 169 && b == 254) return false;
  if (a == 172 && b >= 16 && b < 32) return false;
  if (a == 192 && (b == 168 || (b == 0 && (at(2) == 0 || at(2) == 2)))) return false;
  if (a == 198 && (b == 18 || b == 19 || (b == 51 && at(2) == 100))) return false;
  return !(a == 203 && b == 0 && at(2) == 113);
}

}  // namespace

std::string NodeId::to_hex() const { return kith::to_hex(bytes); }

NodeId NodeId::random(RandomSource& random) { return {random.bytes<20>()}; }

NodeId distance(const NodeId& a, const NodeId& b) {
  NodeId result;
  for (std::size_t i = 0; i < result.bytes.size(); ++i) result.bytes[i] = a.bytes[i] ^ b.bytes[i];
  return result;
}

std::size_t common_bits(const NodeId& a, const NodeId& b) {
  for (std::size_t i = 0; i < a.bytes.size(); ++i) {
    const auto differ = std::to_integer<std::uint8_t>(a.bytes[i] ^ b.bytes[i]);
    if (differ != 0) return i * 8 + static_cast<std::size_t>(std::countl_zero(differ));
  }
  return kIdBits;
}

Address host_of(const Address& address) {
  Address host = address;
  host.port = 0;
  return host;
}

Prefix prefix_of(const Address& address) {
  Prefix prefix{address.family, {}};
  const std::ptrdiff_t length = address.family == Address::Family::ipv4 ? 3 : 8;
  std::copy(address.ip.begin(), address.ip.begin() + length, prefix.bytes.begin());
  return prefix;
}

bool is_global(const Address& address) {
  if (address.family == Address::Family::ipv4) return v4_is_global(address);
  // RFC 4291: what is routed is 2000::/3; 2001:db8::/32 is for documents (RFC 3849).
  const auto at = [&](std::size_t i) { return std::to_integer<unsigned>(address.ip[i]); };
  const bool documentation = at(0) == 0x20 && at(1) == 0x01 && at(2) == 0x0d && at(3) == 0xb8;
  return (at(0) & 0xe0) == 0x20 && !documentation;
}

std::uint32_t crc32c(ByteView bytes) {
  std::uint32_t crc = 0xffffffff;
  for (const std::byte byte : bytes) {
    crc ^= std::to_integer<std::uint32_t>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82f63b78U : 0U);
  }
  return ~crc;
}

NodeId id_for(const Address& address, std::uint8_t seed, RandomSource& random) {
  NodeId id = NodeId::random(random);
  const std::uint32_t crc = crc_of(address, seed);
  id.bytes[0] = static_cast<std::byte>(crc >> 24);
  id.bytes[1] = static_cast<std::byte>(crc >> 16 & 0xff);
  id.bytes[2] = static_cast<std::byte>(crc >> 8 & 0xf8) | (id.bytes[2] & std::byte{0x07});
  id.bytes[19] = std::byte{seed};
  return id;
}

bool conforms(const NodeId& id, const Address& address) {
  if (!is_global(address)) return true;
  const std::uint32_t crc = crc_of(address, std::to_integer<std::uint8_t>(id.bytes[19]));
  return id.bytes[0] == static_cast<std::byte>(crc >> 24) &&
         id.bytes[1] == static_cast<std::byte>(crc >> 16 & 0xff) &&
         (id.bytes[2] & std::byte{0xf8}) == static_cast<std::byte>(crc >> 8 & 0xf8);
}

}  // namespace kith::dht
