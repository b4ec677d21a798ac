// A DNS message: what is read can be written, and reads back as the same.

#include <cstdint>
#include <cstdlib>

#include "engine/dns/parse.h"
#include "engine/dns/write.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kith::dns;
  const auto message = parse(std::as_bytes(std::span(data, size)));
  if (!message) return 0;
  for (const auto style : {SrvNames::compressed, SrvNames::plain}) {
    // Names may take more room without the compression they came with.
    const auto written = write(*message, kMaxMessageBytes, style);
    if (!written) continue;
    const auto again = parse(*written);
    if (!again || !(*again == *message)) std::abort();
  }
  for (const auto& question : message->questions) {
    const auto name = Name::parse(question.name.to_string());
    if (!name || !name->identical(question.name)) std::abort();
  }
  return 0;
}
