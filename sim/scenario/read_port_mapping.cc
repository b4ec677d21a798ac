#include "sim/scenario/read_port_mapping.h"

#include "sim/scenario/read_choice.h"

namespace kith::sim {
namespace {

constexpr Duration kLongestLifetime = std::chrono::hours(24 * 7);

}  // namespace

PortMappingSpec read_port_mapping(const JsonValue& value) {
  JsonObject keys = value.object();
  PortMappingSpec spec;
  keys.at("speaks");  // must be said
  spec.speaks = read_choice(keys, "speaks", MappingProtocol::both, spec.speaks);
  spec.conduct = read_choice(keys, "conduct", MappingConduct::no_resources, spec.conduct);
  spec.longest_lifetime =
      keys.seconds_or("longest_lifetime_s", kLongestLifetime, spec.longest_lifetime);
  spec.ends_after = keys.seconds_or("ends_after_s", kLongestLifetime, spec.ends_after);
  spec.other_port = keys.boolean_or("other_port", spec.other_port);
  keys.done();
  if (const auto fault = fault_of(spec)) value.refuse(*fault);
  return spec;
}

}  // namespace kith::sim
