#include "sim/capsule/device_dump.h"

#include <nlohmann/json.hpp>

#include "sim/capsule/engine_dump.h"
#include "sim/scenario/workload.h"
#include "sim/world/seconds.h"

namespace kith::sim {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kEffectNames[kEffectKinds] = {"store_commit", "file", "datagram_sent",
                                                         "datagram_received"};

Json seconds_or_null(const std::optional<Instant>& at) {
  return at ? Json(seconds_of(*at)) : Json(nullptr);
}

Json addresses_of(const Device& device) {
  Json list = Json::array();
  for (const Address& address : device.addresses(kListenPort)) list.push_back(address.to_string());
  return list;
}

Json sockets_of(const DeviceHistory& history) {
  Json list = Json::array();
  for (const auto& [id, address] : history.sockets()) {
    list.push_back({{"id", id.value}, {"address", address.to_string()}});
  }
  return list;
}

Json effects_of(const Device& device) {
  Json counts = Json::object();
  for (std::size_t i = 0; i < kEffectKinds; ++i) {
    counts[std::string(kEffectNames[i])] = device.effects(static_cast<EffectKind>(i));
  }
  return counts;
}

Json store_of(Device& device) {
  const VirtualStore& store = device.store();
  return {{"keys", store.content().size()},
          {"commits", store.commits_begun()},
          {"commits_underway", store.underway()}};
}

Json tree_of(const Device& device, std::string_view path) {
  Json files = Json::object();
  for (const auto& [name, info] : device.disk().tree(path)) {
    files[name] = info.type == FileType::regular ? Json(info.size_bytes) : Json(nullptr);
  }
  return files;
}

Json disk_of(const Device& device) {
  return {{"used_bytes", device.disk().used_bytes()},
          {"operations", device.disk().operations_begun()},
          {"inbox", tree_of(device, kInbox)},
          {"outbox", tree_of(device, kOutbox)}};
}

Json paired_of(World& world, const DeviceHistory& history) {
  Json paired = Json::object();
  for (DeviceIndex i = 0; i < world.device_count(); ++i) {
    const auto since = history.paired().find(world.device(i).id());
    if (since != history.paired().end()) {
      paired[world.device(i).name()] = seconds_of(since->second);
    }
  }
  return paired;
}

Json transfers_of(const DeviceHistory& history) {
  Json transfers = Json::object();
  for (const auto& [id, seen] : history.transfers()) {
    transfers[id.to_hex()] = {
        {"direction", seen.direction == TransferDirection::sending ? "sending" : "receiving"},
        {"started_s", seconds_of(seen.started_at)},
        {"completed_s", seconds_or_null(seen.completed_at)},
        {"failure", seen.failure}};
  }
  return transfers;
}

}  // namespace

Device* find_device(World& world, const std::string& wanted) {
  for (DeviceIndex i = 0; i < world.device_count(); ++i) {
    if (world.device(i).name() == wanted) return &world.device(i);
  }
  for (DeviceIndex i = 0; i < world.device_count(); ++i) {
    if (std::to_string(i) == wanted) return &world.device(i);
  }
  return nullptr;
}

nlohmann::ordered_json dump_device(World& world, Device& device, const DeviceHistory& history) {
  Json json;
  json["device"] = device.name();
  json["index"] = device.index();
  json["id"] = device.id().to_hex();
  json["at_s"] = seconds_of(world.now());
  json["running"] = device.running();
  json["paused"] = device.paused();
  json["lives"] = device.lives();
  json["addresses"] = addresses_of(device);
  json["sockets"] = sockets_of(history);
  json["effects"] = effects_of(device);
  json.update(device.running() ? dump_engine(device.engine(), device.local_now())
                               : dump_no_engine());
  json["store"] = store_of(device);
  json["disk"] = disk_of(device);
  json["paired"] = paired_of(world, history);
  json["transfers"] = transfers_of(history);
  json["messages"] = {{"queued", history.messages_queued()},
                      {"delivered", history.messages_delivered()},
                      {"received", history.messages_received()}};
  json["datagrams_unheard"] = device.datagrams_unheard();
  return json;
}

}  // namespace kith::sim
