// A scenario file: whatever it holds is read, or refused with the place and the reason.

#include <string>

#include "engine/base/check.h"
#include "sim/scenario/scenario.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kith;
  static const sim::Handlers handlers = sim::built_in_handlers();
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto scenario = sim::parse_scenario("fuzzed.json", text, handlers, 1);
  if (!scenario) {
    KITH_CHECK(scenario.error().message.rfind("fuzzed.json", 0) == 0);
    return 0;
  }
  KITH_CHECK(!scenario->topology.devices.empty() && !scenario->expectations.empty());
  return 0;
}
