#pragma once

// The keys of faults that are somebody's ill will.

#include "sim/adversaries/spec.h"
#include "sim/scenario/json_reader.h"
#include "sim/scenario/workload.h"

namespace kith::sim {

struct TopologySpec;

SpooferSpec read_spoofer(JsonObject& keys, const Names& names);
LanLiarSpec read_lan_liar(JsonObject& keys, const Names& names);
PortGrabberSpec read_port_grabber(JsonObject& keys, const Names& names);
StaleRecordsSpec read_stale(JsonObject& keys, const Names& names);
// Refuses where nobody in `topology` takes part in the DHT.
DhtSybilsSpec read_sybils(JsonObject& keys, const Names& names, const TopologySpec& topology);

}  // namespace kith::sim
