#pragma once

// What a person reads when a transfer fails. The other device sends a code, never words.

#include <string>
#include <string_view>

#include "kith/event.h"
#include "kith/result.h"

namespace kith::transfer {

// The other device ended the transfer with `code`. `direction` is this side's.
Error reported_by_peer(ErrorCode code, TransferDirection direction);

// A file could not be sent, or the sender said so. `path` is shown with control characters removed.
Error file_failed(ErrorCode code, std::string_view path);

// The disk of this device, as the receiver, failed at `path`.
Error disk_failed(const Error& cause, std::string_view path);

}  // namespace kith::transfer
