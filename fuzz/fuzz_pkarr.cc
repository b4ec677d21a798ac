// A pkarr packet of anybody: what is read of it is within its limits, and can be written and read
// again as the same.

#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "engine/discovery/pkarr.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kith;
  static const DeviceId name{};  // the corpus is of the key and the secret of zeros
  static const SecretKey sealing{};
  const auto found = pkarr::read(name, std::as_bytes(std::span(data, size)), &sealing);
  if (!found) return 0;
  if (found->addresses.size() > pkarr::kMaxAddresses) std::abort();
  if (found->open_addresses.size() > pkarr::kMaxAddresses) std::abort();

  RandomSource random(std::array<std::byte, 32>{});
  const Bytes packet = pkarr::write(name, *found, sealing, random);
  const auto again = pkarr::read(name, packet, &sealing);
  if (!again || again->addresses != found->addresses || again->relay != found->relay) std::abort();
  const auto& open = again->open_addresses;
  if (open.size() > found->open_addresses.size()) std::abort();
  if (!std::equal(open.begin(), open.end(), found->open_addresses.begin())) std::abort();
  return 0;
}
