#include "engine/discovery/dht/item.h"

#include <fmt/format.h>

#include "engine/base/byte_writer.h"
#include "engine/base/check.h"
#include "engine/crypto/sha1.h"
#include "engine/discovery/dht/bencode.h"

namespace kith::dht {

NodeId immutable_target(ByteView value) { return {sha1({value})}; }

NodeId mutable_target(const DeviceId& key, ByteView salt) { return {sha1({key.bytes, salt})}; }

Bytes signed_bytes(ByteView salt, std::int64_t seq, ByteView value) {
  ByteWriter out;
  if (!salt.empty()) {
    out.bytes(as_byte_view(fmt::format("4:salt{}:", salt.size()))).bytes(salt);
  }
  out.bytes(as_byte_view(fmt::format("3:seqi{}e1:v", seq))).bytes(value);
  return std::move(out).take();
}

MutableItem sign_item(const KeyPair& key, ByteView salt, std::int64_t seq, ByteView value) {
  KITH_CHECK(seq >= 0 && salt.size() <= kMaxSaltBytes && value.size() <= kMaxValueBytes);
  return {key.id(), to_bytes(salt), seq, to_bytes(value), key.sign(signed_bytes(salt, seq, value))};
}

bool verify(const MutableItem& item) {
  return item.seq >= 0 && item.salt.size() <= kMaxSaltBytes &&
         item.value.size() <= kMaxValueBytes &&
         KeyPair::verify(item.key, signed_bytes(item.salt, item.seq, item.value), item.signature);
}

Bytes string_value(ByteView text) {
  bencode::Writer out;
  out.string(text);
  return std::move(out).take();
}

std::optional<Bytes> string_in(ByteView value) {
  const auto document = bencode::Document::parse(value);
  if (!document) return std::nullopt;
  const auto text = document->root().string();
  if (!text) return std::nullopt;
  return to_bytes(*text);
}

}  // namespace kith::dht
