// Text from people and strangers: addresses, ids, words, names.

#include <algorithm>

#include "engine/base/check.h"
#include "engine/base/text.h"
#include "engine/core/server_names.h"
#include "engine/registry/device_record.h"
#include "kith/address.h"
#include "kith/engine.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kith;
  const std::string_view text = as_text(std::as_bytes(std::span(data, size)));
  if (const auto address = Address::parse(text)) {
    KITH_CHECK(*Address::parse(address->to_string()) == *address);
  }
  if (const auto id = DeviceId::parse(text)) KITH_CHECK(*DeviceId::parse(id->to_hex()) == *id);
  if (const auto key = key_of_server_name(text)) {
    KITH_CHECK(*key_of_server_name(server_name_of(*key)) == *key);
  }
  (void)parse_pairing_words(text);
  const std::string name = clean_device_name(text);
  KITH_CHECK(name.size() <= kMaxDeviceNameBytes && is_utf8(as_byte_view(name)));
  KITH_CHECK(std::none_of(name.begin(), name.end(),
                          [](char c) { return static_cast<unsigned char>(c) < 0x20; }));
  return 0;
}
