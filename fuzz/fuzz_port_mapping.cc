// PCP and NAT-PMP as gateways and hosts send them: what is read is written and read as the same.

#include <cstdint>
#include <cstdlib>

#include "engine/connectivity/port_mapping_wire.h"

namespace {

using namespace kith::port_mapping;

template <class Message, class Parse>
void hold(const kith::Result<Message, Fault>& message, Parse&& parse) {
  if (!message) return;
  const auto again = parse(encode(*message));
  if (!again || !(*again == *message)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const kith::ByteView bytes = std::as_bytes(std::span(data, size));
  hold(parse_request(bytes), parse_request);
  hold(parse_response(bytes), parse_response);
  return 0;
}
