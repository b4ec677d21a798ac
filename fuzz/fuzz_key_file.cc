// The file that holds a device's master key: what reads is written the same again.

#include "engine/base/check.h"
#include "io/home/key_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kith;
  const ByteView bytes = std::as_bytes(std::span(data, size));
  const auto key = io::decode_key_file(bytes, "key");
  if (!key) {
    KITH_CHECK(!key.error().message.empty());
    return 0;
  }
  const Bytes again = io::encode_key_file(*key);
  KITH_CHECK(std::equal(again.begin(), again.end(), bytes.begin(), bytes.end()));
  return 0;
}
