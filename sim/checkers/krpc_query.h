#pragma once

// What a device asks in the Mainline DHT, as anyone on the wire can read it (BEP 5, BEP 44).

#include <string_view>

#include "kith/bytes.h"

namespace kith::sim {

// The keys of a message ascend, so that a query ends in this one. A packet of QUIC looks like it
// once in 2^64.
inline bool is_krpc_query(ByteView datagram) {
  constexpr std::string_view kEnd = "1:y1:qe";
  const std::string_view text = as_text(datagram);
  return text.starts_with('d') && text.ends_with(kEnd);
}

}  // namespace kith::sim
