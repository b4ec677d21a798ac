#include "sim/cli/device_recording.h"

#include <fmt/core.h>

#include <limits>
#include <utility>

#include "sim/capsule/device_dump.h"

namespace kith::sim {
namespace {

// A run is as long as its scenario says; nobody watches the disk of a simulation for it.
constexpr std::uint64_t kNoLimit = std::numeric_limits<std::uint64_t>::max();

}  // namespace

DeviceRecording::Parts::Parts(PrivateFile created)
    : file(std::move(created)), writer(file, kNoLimit) {}

Result<DeviceRecording> DeviceRecording::begin(World& world, const std::string& device,
                                               const std::string& path) {
  Device* found = find_device(world, device);
  if (found == nullptr) {
    return failure(ErrorCode::not_found, fmt::format("--record-device: there is no {}.", device));
  }
  auto file = PrivateFile::create(path);
  if (!file) return tl::unexpected(file.error());
  auto parts = std::make_unique<Parts>(std::move(*file));
  found->record_to(parts->writer);
  return DeviceRecording(std::move(parts));
}

Result<void> DeviceRecording::end() {
  parts_->writer.end();
  return parts_->file.close();
}

}  // namespace kith::sim
