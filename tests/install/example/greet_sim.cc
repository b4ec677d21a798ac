// kith-sim with one more kind of step: {"kind": "greet", "device": NAME}.

#include "sim/cli/cli.h"

using namespace kith;

// Sends a file that lies on the device to everyone it pairs with.
struct Greet : sim::WorkloadStep {
  explicit Greet(sim::DeviceIndex device) : device_(device) {}
  void prepare(sim::Stage& stage) override {
    stage.device(device_).disk().make_file("/hello", as_byte_view("hello"));
  }
  void begin(sim::Stage&) override {}
  void on_event(sim::Stage& stage, sim::Device& device, const Event& event) override {
    const auto* paired = std::get_if<Paired>(&event);
    if (paired == nullptr || device.index() != device_) return;
    device.submit(ShareWithDevice{stage.new_request(), paired->device, {"/hello"}, ""});
  }
  sim::DeviceIndex device_;
};

int main(int argc, char** argv) {
  sim::Handlers handlers = sim::built_in_handlers();
  handlers.steps["greet"] = [](sim::JsonObject& keys, const sim::Names& names) {
    const sim::DeviceIndex device = names.device(keys.at("device"));
    return sim::StepFactory([device] { return std::make_unique<Greet>(device); });
  };
  return sim::main(argc, argv, handlers);
}
