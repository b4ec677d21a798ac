// A frame of kith/message/1: what is read can be written and read again.

#include <cstdint>
#include <cstdlib>

#include "engine/messaging/codec.h"
#include "engine/wire/frame.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto message = kith::messaging::decode(std::as_bytes(std::span(data, size)));
  if (!message) return 0;
  const kith::Bytes frame = kith::messaging::encode(*message);
  const kith::ByteView payload = kith::ByteView(frame).subspan(kith::wire::kFrameHeaderBytes);
  if (!kith::messaging::decode(payload)) std::abort();
  return 0;
}
