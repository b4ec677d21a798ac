#include "io/cli/device_lookup.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string>

#include "engine/base/text.h"

namespace kith::cli {
namespace {

bool is_paired(const DeviceSummary& device) {
  switch (device.state) {
    case DeviceState::provisional:  // the contact that follows finishes its pairing
    case DeviceState::paired:
    case DeviceState::connected:
    case DeviceState::disconnected:
      return true;
    case DeviceState::discovered:
    case DeviceState::pairing:
    case DeviceState::blocked:
      return false;
  }
  return false;
}

tl::unexpected<Error> ambiguous(std::string_view name, const std::vector<DeviceSummary>& named) {
  std::string ids;
  for (const DeviceSummary& device : named) {
    if (!ids.empty()) ids += ", ";
    ids += device.id.to_hex();
  }
  return failure(ErrorCode::invalid_argument,
                 fmt::format("{} devices are named '{}': {}.", named.size(), printable(name), ids),
                 "Name the one you mean by its id.");
}

}  // namespace

Result<DeviceSummary> find_device(const std::vector<DeviceSummary>& devices,
                                  std::string_view name_or_id) {
  if (const auto id = DeviceId::parse(name_or_id)) {
    const auto known = std::find_if(devices.begin(), devices.end(),
                                    [&](const DeviceSummary& device) { return device.id == *id; });
    if (known != devices.end()) return *known;
  }
  std::vector<DeviceSummary> named;
  std::copy_if(devices.begin(), devices.end(), std::back_inserter(named),
               [&](const DeviceSummary& device) { return device.name == name_or_id; });
  if (named.size() > 1) return ambiguous(name_or_id, named);
  if (named.size() == 1) return named.front();
  return failure(ErrorCode::not_found,
                 fmt::format("This device knows no '{}'.", printable(name_or_id)),
                 "Run 'kith devices' to see those it knows.");
}

Result<DeviceSummary> find_paired_device(const std::vector<DeviceSummary>& devices,
                                         std::string_view name_or_id) {
  auto found = find_device(devices, name_or_id);
  if (!found && found.error().code != ErrorCode::not_found) return found;
  if (found && found->state == DeviceState::blocked) {
    return failure(ErrorCode::refused, fmt::format("{} is blocked.", printable(found->name)),
                   "Run 'kith devices remove' to forget it, then pair again.");
  }
  if (!found || !is_paired(*found)) {
    return failure(ErrorCode::refused,
                   fmt::format("This device is not paired with '{}'.", printable(name_or_id)),
                   "Pair them first with 'kith pair' and 'kith join'.");
  }
  return found;
}

}  // namespace kith::cli
