#pragma once

// The TLS server name by which a client says whom it wants to meet, before any key is shown: the
// key in base32hex as one DNS label. The suffix is the one iroh uses, so that its endpoints and
// ours dial each other; "invalid" is never resolved (RFC 6761).

#include <optional>
#include <string>
#include <string_view>

#include "kith/ids.h"

namespace kith {

std::string server_name_of(const DeviceId& key);

// Empty for any other form.
std::optional<DeviceId> key_of_server_name(std::string_view name);

}  // namespace kith
