#pragma once

// A scenario: which devices there are, what their people do, what goes wrong and what must come of
// it. Read from a JSON file that schemas/scenario.md describes; immutable, and run any number of
// times (run.h).

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "kith/result.h"
#include "kith/time.h"
#include "sim/scenario/fault.h"
#include "sim/scenario/workload.h"
#include "sim/world/device.h"
#include "sim/world/topology.h"

namespace kith::sim {

// Rises when a file of the old version would mean something else or nothing.
inline constexpr std::uint64_t kScenarioVersion = 1;

// What is larger is refused: lists that nothing else limits, and the virtual time of a run.
inline constexpr std::size_t kMostEntries = 100'000;
inline constexpr Duration kLongestRun = std::chrono::hours(24 * 365);

// Both directions of a link between two devices.
struct WireSpec {
  DeviceIndex from = 0;
  DeviceIndex to = 0;
  LinkSpec there;
  LinkSpec back;
};

// What there is, by name: the index of an element is its id in the run.
struct TopologySpec {
  std::vector<std::string> regions;              // of the internet
  std::vector<std::vector<Duration>> latencies;  // from a region to another
  std::vector<SiteSpec> sites;                   // after those that they are inside of
  std::vector<DeviceSpec> devices;
  std::vector<WireSpec> wires;
};

struct ScheduledStep {
  std::string kind;
  std::string name;  // may be empty
  Duration at{};
  StepFactory make;
};

// Both devices are paired with each other at most `within` after the scenario begins.
struct PairedExpectation {
  DeviceIndex first = 0;
  DeviceIndex second = 0;
  Duration within{};
};
// Sender and receiver have both announced that a send is complete.
struct TransferExpectation {
  std::string send;
  Duration within{};
};
// Both sides of a send announced equal digests, and what was published equals the source.
struct DigestExpectation {
  std::string send;
};
struct MessagesExpectation {
  std::string messages;  // the name of a step
  Duration within{};
};
// All of these, for every step there is.
struct AllPairedExpectation {
  Duration within{};
};
struct AllTransfersExpectation {
  Duration within{};
};
struct AllMessagesExpectation {
  Duration within{};
};
// No checker saw a violation.
struct NoViolationsExpectation {};
struct Expectation {
  std::string name;
  std::variant<PairedExpectation, TransferExpectation, DigestExpectation, MessagesExpectation,
               AllPairedExpectation, AllTransfersExpectation, AllMessagesExpectation,
               NoViolationsExpectation>
      what;
};

struct Scenario {
  std::string name;  // of the file, without its extension
  std::string path;
  std::string description;
  std::string document;  // the explicit one, as JSON
  Duration duration{};
  TopologySpec topology;
  std::vector<ScheduledStep> workload;
  std::vector<CheckerFactory> checkers;  // beside those that ship
  std::vector<Fault> faults;
  std::vector<Expectation> expectations;
};

// What the seed decides before a run begins (sim/draw/expand.h) is decided.
// invalid_argument: "FILE: $.path.of.key: what is wrong". not_found: no file that can be read.
Result<Scenario> load_scenario(const std::string& path, const Handlers& handlers,
                               std::uint64_t seed);
Result<Scenario> parse_scenario(const std::string& file, const std::string& text,
                                const Handlers& handlers, std::uint64_t seed);

}  // namespace kith::sim
