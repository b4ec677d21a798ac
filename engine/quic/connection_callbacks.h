#pragma once

// The table through which ngtcp2 reports to a Connection, its user data.

#include <ngtcp2/ngtcp2.h>

namespace kith::quic {

const ngtcp2_callbacks& connection_callbacks();

}  // namespace kith::quic
