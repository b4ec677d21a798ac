// A record as it might stand in a damaged store.

#include "engine/registry/device_record.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kith;
  static const SecretKey key;
  (void)decode_device_record(DeviceId{}, std::as_bytes(std::span(data, size)), key);
  return 0;
}
