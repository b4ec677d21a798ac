#include "engine/discovery/dht/saved_table.h"

#include <algorithm>

#include "engine/base/byte_reader.h"
#include "engine/base/byte_writer.h"

namespace kith::dht {
namespace {

constexpr std::string_view kMagic = "kdht\x01";  // the last byte is the version

void write(ByteWriter& out, const Address& address) {
  const bool v4 = address.family == Address::Family::ipv4;
  out.u8(v4 ? 4 : 6).bytes(ByteView(address.ip).first(v4 ? 4 : 16)).u16(address.port);
}

bool read(ByteReader& in, Address& address) {
  const auto family = in.u8();
  if (!family || (*family != 4 && *family != 6)) return false;
  address.family = *family == 4 ? Address::Family::ipv4 : Address::Family::ipv6;
  const auto ip = in.bytes(*family == 4 ? 4 : 16);
  const auto port = in.u16();
  if (!ip || !port) return false;
  std::copy(ip->begin(), ip->end(), address.ip.begin());
  address.port = *port;
  return true;
}

bool read(ByteReader& in, NodeId& id) {
  const auto bytes = in.bytes(id.bytes.size());
  if (!bytes) return false;
  std::copy(bytes->begin(), bytes->end(), id.bytes.begin());
  return true;
}

}  // namespace

Bytes encode(const SavedTable& table) {
  ByteWriter out;
  out.bytes(as_byte_view(kMagic)).bytes(table.id.bytes).u8(table.external ? 1 : 0);
  if (table.external) write(out, *table.external);
  const std::size_t count = std::min(table.contacts.size(), kMaxSavedContacts);
  out.u8(static_cast<std::uint8_t>(count));
  for (std::size_t i = 0; i < count; ++i) {
    out.bytes(table.contacts[i].id.bytes);
    write(out, table.contacts[i].address);
  }
  return std::move(out).take();
}

std::optional<SavedTable> decode_saved_table(ByteView blob) {
  ByteReader in(blob);
  SavedTable table;
  const auto magic = in.bytes(kMagic.size());
  if (!magic || as_text(*magic) != kMagic || !read(in, table.id)) return std::nullopt;
  const auto has_external = in.u8();
  if (!has_external || *has_external > 1) return std::nullopt;
  if (*has_external == 1 && !read(in, table.external.emplace())) return std::nullopt;
  const auto count = in.u8();
  if (!count || *count > kMaxSavedContacts) return std::nullopt;
  for (std::size_t i = 0; i < *count; ++i) {
    Contact contact;
    if (!read(in, contact.id) || !read(in, contact.address)) return std::nullopt;
    table.contacts.push_back(contact);
  }
  if (!in.empty()) return std::nullopt;
  return table;
}

}  // namespace kith::dht
