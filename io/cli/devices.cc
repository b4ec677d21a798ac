#include "io/cli/commands.h"
#include "io/cli/device_lookup.h"
#include "io/cli/network_command.h"

namespace kith::cli {
namespace {

using Action = DevicesArguments::Action;

// Removing and blocking take the home, so that no other process goes on with what it knew.
class ChangeDevice final : public NetworkCommand {
 public:
  ChangeDevice(const GlobalOptions& global, const DevicesArguments& arguments, Output& output)
      : NetworkCommand(global, output), arguments_(arguments) {}

 private:
  void begin() override {
    core().devices([this](const std::vector<DeviceSummary>& devices) { change(devices); });
  }

  void change(const std::vector<DeviceSummary>& devices) {
    const auto found = find_device(devices, arguments_.device);
    if (!found) return fail(found.error(), Origin::device);
    device_ = *found;
    if (arguments_.action == Action::remove) {
      core().remove_device(device_.id);
    } else if (device_.state == DeviceState::blocked) {
      done();
    } else {
      core().block_device(device_.id);
    }
  }

  void on_event(const Event& event) override {
    const auto* changed = std::get_if<DeviceChanged>(&event);
    if (changed == nullptr || changed->device.id != device_.id) return;
    if (changed->removed || changed->device.state == DeviceState::blocked) done();
  }

  void done() {
    if (arguments_.action == Action::remove) {
      output().device_removed(device_);
    } else {
      output().device_blocked(device_);
    }
    finish();
  }

  DevicesArguments arguments_;
  DeviceSummary device_;
};

// Those it is paired with, and those who show themselves to everyone.
class LookAround final : public NetworkCommand {
 public:
  LookAround(const GlobalOptions& global, Output& output) : NetworkCommand(global, output) {
    options_.engine.discovery.mdns = true;
  }

 private:
  // Whoever is there answers the first or the second question (RFC 6762 section 5.2).
  static constexpr std::chrono::seconds kLook{2};

  void begin() override {
    core().devices(
        [this](const std::vector<DeviceSummary>& devices) { output().devices(devices); });
    end_.expires_after(kLook);
    end_.async_wait([this](const boost::system::error_code& error) {
      if (!error) finish();
    });
  }

  void on_event(const Event& event) override {
    const auto* found = std::get_if<DeviceFound>(&event);
    if (found != nullptr) output().nearby(*found);
  }

  boost::asio::steady_timer end_{context()};
};

ExitCode list(const GlobalOptions& global, Output& output) {
  io::CoreOptions options;
  options.home = global.home;
  const auto view = io::inspect_home(options);
  if (!view) {
    const ExitCode exit = exit_code(view.error().code, Origin::device);
    output.error(view.error(), exit);
    return exit;
  }
  output.devices(view->devices);
  return kOk;
}

}  // namespace

ExitCode run_command(const GlobalOptions& global, const DevicesArguments& arguments,
                     Output& output) {
  if (arguments.action == Action::list) return list(global, output);
  if (arguments.action == Action::nearby) return LookAround(global, output).run();
  return ChangeDevice(global, arguments, output).run();
}

}  // namespace kith::cli
