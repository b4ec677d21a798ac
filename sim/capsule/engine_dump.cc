#include "sim/capsule/engine_dump.h"

#include <nlohmann/json.hpp>
#include <string>

namespace kith::sim {

using Json = nlohmann::ordered_json;

Json dump_no_engine() {
  return {{"next_wakeup", nullptr}, {"counters", Json::object()}, {"devices", Json::array()}};
}

Json dump_engine(const Engine& engine, Instant now) {
  Json json = dump_no_engine();
  if (const auto wakeup = engine.next_wakeup()) {
    const double in_ms = static_cast<double>((wakeup->at - now).count()) / 1e6;
    json["next_wakeup"] = {{"reason", wakeup->reason}, {"in_ms", in_ms}};
  }
  for (const auto& [name, count] : engine.counters()) json["counters"][std::string(name)] = count;
  for (const DeviceSummary& each : engine.devices()) {
    json["devices"].push_back({{"id", each.id.to_hex()},
                               {"name", each.name},
                               {"state", to_string(each.state)},
                               {"via", each.via}});
  }
  return json;
}

}  // namespace kith::sim
