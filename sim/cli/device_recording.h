#pragma once

// Records one device of a simulated run, in the form in which a real device is recorded.

#include <memory>
#include <string>

#include "engine/trace/recording_writer.h"
#include "kith/result.h"
#include "sim/replay/private_file.h"
#include "sim/world/world.h"

namespace kith::sim {

class DeviceRecording {
 public:
  // Before the run. `device` is a name, or a number counted from 0. The recording outlives the run.
  static Result<DeviceRecording> begin(World& world, const std::string& device,
                                       const std::string& path);

  // After the run.
  Result<void> end();

 private:
  struct Parts {
    explicit Parts(PrivateFile created);
    PrivateFile file;
    trace::RecordingWriter writer;
  };

  explicit DeviceRecording(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

  std::unique_ptr<Parts> parts_;
};

}  // namespace kith::sim
