#include "sim/scenario/read_faults.h"

#include <fmt/core.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>

#include "sim/scenario/read_links.h"

namespace kith::sim {
namespace {

using FaultAction = decltype(Fault::what);

// What readers look things up in.
struct Surroundings {
  const Names& names;
  std::vector<ScenarioLink> links;  // as the faults so far have left them
};

FaultAction read_link(JsonObject& keys, Surroundings& known) {
  const FoundLink found = find_link(keys.at("between"), known.names, known.links);
  ScenarioLink& link = known.links[found.index];
  read_link_properties(keys, found.reversed ? link.back : link.there,
                       found.reversed ? link.there : link.back);
  return LinkFault{found.index, link.there, link.back};
}

FaultAction read_kill(JsonObject& keys, Surroundings& known) {
  return StopFault{known.names.device(keys.at("device")), Ending::killed,
                   keys.seconds("down_s", kLongestRun)};
}

FaultAction read_crash(JsonObject& keys, Surroundings& known) {
  return StopFault{known.names.device(keys.at("device")), Ending::crashed,
                   keys.seconds("down_s", kLongestRun)};
}

struct FaultReader {
  std::string_view kind;
  FaultAction (*read)(JsonObject& keys, Surroundings& known);
};

constexpr FaultReader kReaders[] = {
    {"link", read_link},
    {"kill", read_kill},
    {"crash", read_crash},
};

const FaultReader& find_reader(const JsonValue& kind) {
  const std::string text = kind.text();
  const auto* const found =
      std::find_if(std::begin(kReaders), std::end(kReaders),
                   [&text](const FaultReader& reader) { return reader.kind == text; });
  if (found != std::end(kReaders)) return *found;
  std::string known;
  for (const FaultReader& reader : kReaders) {
    known += fmt::format("{}{}", known.empty() ? "" : ", ", reader.kind);
  }
  kind.refuse(fmt::format("no such kind of fault: \"{}\"; known: {}", text, known));
}

}  // namespace

std::vector<Fault> read_faults(const JsonValue& value, const Names& names,
                               const Scenario& scenario) {
  std::vector<Fault> faults;
  Surroundings known{names, scenario.links};
  Duration last{};
  for (const JsonValue& entry : value.array(0, kMostEntries)) {
    JsonObject keys = entry.object();
    const FaultReader& reader = find_reader(keys.at("kind"));
    Fault fault;
    fault.at = keys.seconds("at_s", scenario.duration);
    if (fault.at < last) keys.refuse("at_s", "faults must stand in the order of their times");
    last = fault.at;
    fault.what = reader.read(keys, known);
    keys.done();
    faults.push_back(std::move(fault));
  }
  return faults;
}

}  // namespace kith::sim
