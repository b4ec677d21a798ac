#pragma once

// What the people of a scenario do. A kind of step is registered by name and reads its own keys;
// the kinds that ship (pair, send, message, tell) are registered like an embedder's own.
//
//   struct Greet : WorkloadStep { void begin(Stage& stage) override { ... } };
//   handlers.steps["greet"] = [](JsonObject& keys, const Names& names) {
//     const DeviceIndex device = names.device(keys.at("device"));
//     return [device] { return std::make_unique<Greet>(device); };
//   };

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "engine/base/random.h"
#include "kith/event.h"
#include "sim/scenario/facts.h"
#include "sim/scenario/json_reader.h"
#include "sim/world/world.h"

namespace kith::sim {

// The port on which every device of a scenario listens, and where what it receives goes.
inline constexpr std::uint16_t kListenPort = 4433;
inline constexpr std::string_view kInbox = "/inbox";
// Where what a device sends is made.
inline constexpr std::string_view kOutbox = "/outbox";

// Where a person says that another device is: nothing to a device that finds others by itself.
std::vector<Address> told_addresses(const Device& device, const Device& about);

// What a step acts on.
class Stage {
 public:
  Stage(World& world_of_run, Facts& facts_of_run) : world(world_of_run), facts(facts_of_run) {}

  World& world;
  Facts& facts;

  Device& device(DeviceIndex index) { return world.device(index); }
  // A person tells a device where another one can be reached, as far as she knows.
  void tell_addresses(Device& device, const Device& about);
  // Unique in the run, so also in every engine.
  RequestId new_request() { return {++requests_}; }

 private:
  std::uint64_t requests_ = 0;
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
  // Something happened at a device, perhaps before begin().
  virtual void on_event(Stage&, Device&, const Event&) {}
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

struct Handlers {
  std::map<std::string, StepReader> steps;  // by kind
};

// pair, send, message and tell.
Handlers built_in_handlers();

// The readers of built_in_handlers.
StepFactory read_pair_step(JsonObject& keys, const Names& names);
StepFactory read_send_step(JsonObject& keys, const Names& names);
StepFactory read_message_step(JsonObject& keys, const Names& names);
StepFactory read_tell_step(JsonObject& keys, const Names& names);

}  // namespace kith::sim
