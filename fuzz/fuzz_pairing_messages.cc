// Messages of kith/pair/1 and introductions: what reads must write and read the same again.

#include "engine/base/check.h"
#include "engine/pairing/messages.h"
#include "engine/wire/frame.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kith;
  const ByteView bytes = std::as_bytes(std::span(data, size));
  if (const auto message = pairing::decode(bytes)) {
    wire::FrameReader reader(pairing::kMaxFrameBytes + size);
    reader.push(pairing::encode(*message));
    const auto again = pairing::decode(reader.pop().value());
    KITH_CHECK(again && pairing::encode(*again) == pairing::encode(*message));
  }
  if (const auto introduction = pairing::decode_introduction(bytes)) {
    const auto again = pairing::decode_introduction(pairing::encode(*introduction));
    KITH_CHECK(again && again->device == introduction->device && again->name == introduction->name);
  }
  return 0;
}
