#pragma once

// An application that speaks: {"kind": "talk", "from": NAME, "to": NAME}. The first writes to the
// second on a stream of a protocol of its own, and again on a new connection if one ends too early.

#include "sim/scenario/workload.h"

namespace kith::sim {

// Those that ship, and the talk.
Handlers talking_handlers();

}  // namespace kith::sim
