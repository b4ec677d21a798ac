// A person has looked where a device can be reached by now, and tells another one.

#include "sim/scenario/workload.h"

namespace kith::sim {
namespace {

class TellStep final : public WorkloadStep {
 public:
  TellStep(DeviceIndex device, DeviceIndex about) : device_(device), about_(about) {}

  void begin(Stage& stage) override {
    stage.tell_addresses(stage.device(device_), stage.device(about_));
  }

 private:
  DeviceIndex device_;
  DeviceIndex about_;
};

}  // namespace

StepFactory read_tell_step(JsonObject& keys, const Names& names) {
  const auto [device, about] = names.two_devices(keys.at("device"), keys.at("about"));
  return [device = device, about = about] { return std::make_unique<TellStep>(device, about); };
}

}  // namespace kith::sim
