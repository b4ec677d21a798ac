#pragma once

// What the people and the application of a scenario's devices do. A kind of step is registered by
// name and reads its own keys; the kinds that ship (pair, send, message, tell) are registered like
// an embedder's own.
//
//   struct Echo : WorkloadStep { void begin(Stage& stage) override { ... } };
//   handlers.protocols = {{"example/echo/1"}};
//   handlers.steps["echo"] = [](JsonObject& keys, const Names& names) {
//     const DeviceIndex caller = names.device(keys.at("from"));
//     return [caller] { return std::make_unique<Echo>(caller); };
//   };

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/random.h"
#include "kith/application.h"
#include "kith/event.h"
#include "sim/scenario/facts.h"
#include "sim/scenario/json_reader.h"
#include "sim/world/world.h"

namespace kith::sim {

class Checker;

// The port on which every device of a scenario listens, and where what it receives goes.
inline constexpr std::uint16_t kListenPort = 4433;
inline constexpr std::string_view kInbox = "/inbox";
// Where what a device sends is made.
inline constexpr std::string_view kOutbox = "/outbox";

// Where a person says that another device is: nothing to a device that finds others by itself.
std::vector<Address> told_addresses(const Device& device, const Device& about);

// What a step acts on.
class Stage final : private EventTarget {
 public:
  Stage(World& world_of_run, Facts& facts_of_run) : world(world_of_run), facts(facts_of_run) {}

  World& world;
  Facts& facts;

  Device& device(DeviceIndex index) { return world.device(index); }
  // A person tells a device where another one can be reached, as far as she knows.
  void tell_addresses(Device& device, const Device& about);
  // Unique in the run, so also in every engine.
  RequestId new_request() { return {++requests_}; }
  // Does something once, when this time has passed in the world. There is no way to take it back.
  void after(Duration delay, std::function<void()> what);

 private:
  void on_event(Instant now, std::uint64_t number) override;

  std::uint64_t requests_ = 0;
  std::map<std::uint64_t, std::function<void()>> waiting_;
  std::uint64_t waits_ = 0;
};

class WorkloadStep {
 public:
  virtual ~WorkloadStep() = default;

  // Before any device starts: what lies on disks.
  virtual void prepare(Stage&) {}
  // Its time has come.
  virtual void begin(Stage&) = 0;
  // A device has started, for the first time or again, and listens. Perhaps before begin().
  virtual void on_up(Stage&, Device&) {}
  // Something happened at a device, whichever it is, perhaps before begin().
  virtual void on_event(Stage&, Device&, const Event&) {}

  // The run is over. What this step was to bring about and has not, as a clause: "3 of 20 echoes
  // never came back". The run fails then. Empty, if nothing is missing.
  virtual std::string missing(Stage&) { return {}; }
};

// Names of a scenario while it is read.
class Names {
 public:
  explicit Names(std::map<std::string, DeviceIndex> devices,
                 std::map<std::string, SiteId> sites = {})
      : devices_(std::move(devices)), sites_(std::move(sites)) {}

  // Refuses a name that no device has.
  DeviceIndex device(const JsonValue& name) const;
  // Refuses a name that no site has.
  SiteId site(const JsonValue& name) const;
  // Two different devices under two keys.
  std::pair<DeviceIndex, DeviceIndex> two_devices(const JsonValue& first,
                                                  const JsonValue& second) const;

 private:
  std::map<std::string, DeviceIndex> devices_;
  std::map<std::string, SiteId> sites_;
};

// Makes a fresh step for each run.
using StepFactory = std::function<std::unique_ptr<WorkloadStep>()>;
// Reads the keys of one step. Keys common to all ("kind", "at_s") are read already.
using StepReader = std::function<StepFactory(JsonObject& keys, const Names& names)>;

// Makes one that watches a run; `world` outlives it.
using CheckerFactory = std::function<std::unique_ptr<Checker>(World& world)>;

// What an embedder brings.
struct Handlers {
  std::map<std::string, StepReader> steps;  // by kind
  // What the application on every device speaks (kith/application.h).
  std::vector<ApplicationProtocol> protocols;
  // Beside those that ship.
  std::vector<CheckerFactory> checkers;
};

// pair, send, message and tell.
Handlers built_in_handlers();

// The readers of built_in_handlers.
StepFactory read_pair_step(JsonObject& keys, const Names& names);
StepFactory read_send_step(JsonObject& keys, const Names& names);
StepFactory read_message_step(JsonObject& keys, const Names& names);
StepFactory read_tell_step(JsonObject& keys, const Names& names);

}  // namespace kith::sim
