#include "sim/scenario/workload.h"

#include <fmt/core.h>

#include <utility>

#include "sim/scenario/suggest.h"

namespace kith::sim {
namespace {

template <class Id>
std::vector<std::string_view> keys_of(const std::map<std::string, Id>& names) {
  std::vector<std::string_view> keys;
  for (const auto& [name, id] : names) keys.push_back(name);
  return keys;
}

}  // namespace

std::vector<Address> told_addresses(const Device& device, const Device& about) {
  return device.discovers() ? std::vector<Address>() : about.known_addresses(kListenPort);
}

void Stage::tell_addresses(Device& device, const Device& about) {
  for (const Address& address : told_addresses(device, about)) {
    device.submit(AddDeviceAddress{about.id(), address});
  }
}

void Stage::after(Duration delay, std::function<void()> what) {
  waiting_.emplace(waits_, std::move(what));
  world.timeline().schedule(world.now() + delay, *this, waits_++);
}

void Stage::on_event(Instant, std::uint64_t number) { waiting_.extract(number).mapped()(); }

DeviceIndex Names::device(const JsonValue& name) const {
  const std::string wanted = name.text();
  const auto found = devices_.find(wanted);
  if (found == devices_.end()) {
    name.refuse(
        fmt::format("no device is named \"{}\"{}", wanted, suggest(wanted, keys_of(devices_))));
  }
  return found->second;
}

SiteId Names::site(const JsonValue& name) const {
  const std::string wanted = name.text();
  const auto found = sites_.find(wanted);
  if (found == sites_.end()) {
    name.refuse(fmt::format("no site is named \"{}\"{}", wanted, suggest(wanted, keys_of(sites_))));
  }
  return found->second;
}

std::pair<DeviceIndex, DeviceIndex> Names::two_devices(const JsonValue& first,
                                                       const JsonValue& second) const {
  const std::pair<DeviceIndex, DeviceIndex> both{device(first), device(second)};
  if (both.first == both.second) second.refuse("must be another device");
  return both;
}

Handlers built_in_handlers() {
  Handlers handlers;
  handlers.steps["pair"] = read_pair_step;
  handlers.steps["send"] = read_send_step;
  handlers.steps["message"] = read_message_step;
  handlers.steps["tell"] = read_tell_step;
  return handlers;
}

}  // namespace kith::sim
