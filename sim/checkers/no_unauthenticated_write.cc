#include "sim/checkers/no_unauthenticated_write.h"

#include <variant>

#include "sim/checkers/transfer_watch.h"

namespace kith::sim {
namespace {

bool changes_disk(const FileRequest& request) {
  const auto* open = std::get_if<FileOpen>(&request);
  return (open != nullptr && open->mode == FileOpen::Mode::create) ||
         std::holds_alternative<FileWrite>(request) ||
         std::holds_alternative<FileSetAttributes>(request) ||
         std::holds_alternative<FileRename>(request) ||
         std::holds_alternative<FileMakeDirectory>(request) ||
         std::holds_alternative<FileSetDirectoryAttributes>(request) ||
         std::holds_alternative<FileRemove>(request);
}

// A pairing is durable, on both sides, before its Paired: the last words of it may still be on
// their way when the first transfer begins.
bool tells_of_pairing(const Output& output) {
  if (event_in<Paired>(output) != nullptr) return true;
  const auto* changed = event_in<DeviceChanged>(output);
  return changed != nullptr && !changed->removed &&
         (changed->device.state == DeviceState::paired ||
          changed->device.state == DeviceState::connected);
}

}  // namespace

void NoUnauthenticatedWrite::on_output(Device& device, Instant at, const Output& output) {
  if (tells_of_pairing(output)) {
    paired_.insert(device.index());
    return;
  }
  if (paired_.contains(device.index())) return;
  const auto request = file_request_of(output);
  if (request && changes_disk(*request)) {
    violate(device, at, "asked its disk for a change before it was paired with anyone");
  }
}

}  // namespace kith::sim
