#include "kith/ids.h"

#include <algorithm>

#include "engine/base/text.h"

namespace kith {

std::string DeviceId::to_hex() const { return kith::to_hex(bytes); }

Result<DeviceId> DeviceId::parse(std::string_view text) {
  const auto decoded = text.size() == 64 ? from_hex(text) : from_zbase32(text);
  DeviceId id;
  if (!decoded || decoded->size() != id.bytes.size()) {
    return failure(ErrorCode::invalid_argument, "not a device id: " + printable(text),
                   "a device id is 64 hexadecimal digits; see kith devices");
  }
  std::copy(decoded->begin(), decoded->end(), id.bytes.begin());
  return id;
}

std::string TransferId::to_hex() const { return kith::to_hex(bytes); }
std::string MessageId::to_hex() const { return kith::to_hex(bytes); }

}  // namespace kith
