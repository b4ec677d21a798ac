#pragma once

// The port-mapping service of a gateway as scenarios write it.

#include "sim/nat/port_mapping.h"
#include "sim/scenario/json_reader.h"

namespace kith::sim {

PortMappingSpec read_port_mapping(const JsonValue& value);

}  // namespace kith::sim
