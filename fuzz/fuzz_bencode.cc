// A bencoded value: what is read is written again byte for byte.

#include <cstdint>
#include <cstdlib>

#include "engine/discovery/dht/bencode.h"

namespace {

using kith::bencode::Kind;

void write(kith::bencode::Writer& out, const kith::bencode::Value& value) {
  switch (value.kind()) {
    case Kind::integer:
      out.integer(*value.integer());
      return;
    case Kind::string:
      out.string(*value.string());
      return;
    case Kind::list:
    case Kind::dictionary:
      break;
  }
  const bool dictionary = value.kind() == Kind::dictionary;
  dictionary ? out.begin_dictionary() : out.begin_list();
  for (auto each = value.first(); each; each = each->next()) {
    if (dictionary) out.key(kith::as_text(each->key()));
    write(out, *each);
  }
  out.end();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const kith::ByteView input = std::as_bytes(std::span(data, size));
  const auto document = kith::bencode::Document::parse(input);
  if (!document) return 0;
  kith::bencode::Writer out;
  write(out, document->root());
  if (std::move(out).take() != kith::to_bytes(input)) std::abort();
  return 0;
}
