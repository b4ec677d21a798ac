#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>

#include "sim/scenario/read_faults.h"
#include "sim/scenario/read_links.h"
#include "sim/scenario/scenario.h"

namespace kith::sim {
namespace {

constexpr std::size_t kMostDevices = 10'000;
constexpr std::size_t kMostNameBytes = 64;  // what an engine shows: kith/engine.h
constexpr Duration kLongestBatch = std::chrono::milliseconds(10);

// Devices that name no address get these in order: 10.0.0.1, 10.0.0.2, ...
Address numbered_address(std::size_t index) {
  const std::size_t host = index + 1;
  return Address::v4(10, static_cast<std::uint8_t>(host >> 16 & 0xff),
                     static_cast<std::uint8_t>(host >> 8 & 0xff),
                     static_cast<std::uint8_t>(host & 0xff), 0);
}

// An address without a port, as addresses of machines are written.
Address read_address(const JsonValue& value) {
  const std::string text = value.text();
  const bool bracketed = text.find(':') != std::string::npos;
  const auto address = Address::parse(bracketed ? "[" + text + "]:1" : text + ":1");
  if (!address) value.refuse(fmt::format("is not an IP address: {}", text));
  Address ip = *address;
  ip.port = 0;
  if (ip.is_unspecified()) value.refuse("must not be the unspecified address");
  return ip;
}

void read_interface(JsonObject keys, InterfaceSpec& interface) {
  if (keys.has("rate_mbps")) interface.rate_bps = read_rate(keys.at("rate_mbps"));
  interface.queue_bytes =
      keys.integer_or("queue_bytes", 1, kLargestQueueBytes, interface.queue_bytes);
  interface.receive_batch =
      keys.milliseconds_or("receive_batch_ms", kLongestBatch, interface.receive_batch);
  keys.done();
}

void read_disk(JsonObject keys, DiskSpec& disk) {
  disk.capacity_bytes =
      keys.integer_or("capacity_bytes", 0, disk.capacity_bytes, disk.capacity_bytes);
  constexpr Duration kSlowest = std::chrono::minutes(1);
  disk.latency_most = keys.milliseconds_or("latency_ms", kSlowest, disk.latency_most);
  disk.latency_least = std::min(disk.latency_least, disk.latency_most);
  disk.sync_most = keys.milliseconds_or("sync_ms", kSlowest, disk.sync_most);
  disk.sync_least = std::min(disk.sync_least, disk.sync_most);
  keys.done();
}

std::vector<DeviceSpec> read_devices(const JsonValue& value) {
  std::vector<DeviceSpec> devices;
  std::set<std::string> names;
  std::set<Address> addresses;
  for (const JsonValue& entry : value.array(1, kMostDevices)) {
    JsonObject keys = entry.object();
    DeviceSpec& device = devices.emplace_back();
    device.name = keys.at("name").text();
    if (device.name.size() > kMostNameBytes) {
      keys.refuse("name", fmt::format("must have at most {} bytes", kMostNameBytes));
    }
    if (!names.insert(device.name).second) keys.refuse("name", "another device has this name");
    device.addresses = {keys.has("address") ? read_address(keys.at("address"))
                                            : numbered_address(devices.size() - 1)};
    if (!addresses.insert(device.addresses.front()).second) {
      keys.refuse("another device has its address");
    }
    if (keys.has("interface")) read_interface(keys.at("interface").object(), device.interface);
    if (keys.has("disk")) read_disk(keys.at("disk").object(), device.disk);
    keys.done();
  }
  return devices;
}

Names names_of(const std::vector<DeviceSpec>& devices) {
  std::map<std::string, DeviceIndex> names;
  for (std::size_t i = 0; i < devices.size(); ++i) {
    names.emplace(devices[i].name, static_cast<DeviceIndex>(i));
  }
  return Names(std::move(names));
}

std::vector<ScenarioLink> read_links(const JsonValue& value, const Names& names) {
  std::vector<ScenarioLink> links;
  std::set<std::pair<DeviceIndex, DeviceIndex>> joined;
  for (const JsonValue& entry : value.array(0, kMostEntries)) {
    JsonObject keys = entry.object();
    ScenarioLink link;
    const JsonValue between = keys.at("between");
    std::tie(link.from, link.to) = read_between(between, names);
    if (!joined.insert(std::minmax(link.from, link.to)).second) {
      between.refuse("these two devices have a link already");
    }
    read_link_properties(keys, link.there, link.back);
    keys.done();
    links.push_back(link);
  }
  return links;
}

std::vector<ScheduledStep> read_workload(const JsonValue& value, const Names& names,
                                         const Handlers& handlers, Duration duration) {
  std::vector<ScheduledStep> steps;
  for (const JsonValue& entry : value.array(0, kMostEntries)) {
    JsonObject keys = entry.object();
    const JsonValue kind = keys.at("kind");
    const auto reader = handlers.steps.find(kind.text());
    if (reader == handlers.steps.end()) {
      std::string known;
      for (const auto& [name, unused] : handlers.steps) known += (known.empty() ? "" : ", ") + name;
      kind.refuse(fmt::format("no such kind of step: \"{}\"; known: {}", kind.text(), known));
    }
    ScheduledStep step;
    step.name = keys.has("name") ? keys.at("name").text() : "";
    step.at = keys.seconds_or("at_s", duration, {});
    const bool taken = !step.name.empty() &&
                       std::any_of(steps.begin(), steps.end(),
                                   [&](const auto& other) { return other.name == step.name; });
    if (taken) keys.refuse("name", "another step has this name");
    step.make = reader->second(keys, names);
    keys.done();
    steps.push_back(std::move(step));
  }
  return steps;
}

std::string read_step_name(const JsonValue& value, const Scenario& scenario) {
  const std::string name = value.text();
  const bool known = std::any_of(scenario.workload.begin(), scenario.workload.end(),
                                 [&name](const auto& step) { return step.name == name; });
  if (!known) value.refuse(fmt::format("no step of the workload is named \"{}\"", name));
  return name;
}

std::vector<Expectation> read_expectations(const JsonValue& value, const Names& names,
                                           const Scenario& scenario) {
  std::vector<Expectation> expectations;
  for (const JsonValue& entry : value.array(1, kMostEntries)) {
    JsonObject keys = entry.object();
    const JsonValue kind = keys.at("kind");
    Expectation expectation{kind.text(), NoViolationsExpectation{}};
    if (kind.text() == "paired") {
      const JsonValue devices = keys.at("devices");
      const auto [first, second] = read_between(devices, names);
      expectation.what =
          PairedExpectation{first, second, keys.seconds("within_s", scenario.duration)};
    } else if (kind.text() == "transfer_completed") {
      expectation.what = TransferExpectation{read_step_name(keys.at("send"), scenario),
                                             keys.seconds("within_s", scenario.duration)};
    } else if (kind.text() == "digest_equal") {
      expectation.what = DigestExpectation{read_step_name(keys.at("send"), scenario)};
    } else if (kind.text() == "messages_delivered") {
      expectation.what = MessagesExpectation{read_step_name(keys.at("messages"), scenario),
                                             keys.seconds("within_s", scenario.duration)};
    } else if (kind.text() != "no_violations") {
      kind.refuse(
          fmt::format("no such kind of expectation: \"{}\"; known: paired, "
                      "transfer_completed, digest_equal, messages_delivered, no_violations",
                      kind.text()));
    }
    keys.done();
    expectations.push_back(std::move(expectation));
  }
  return expectations;
}

Scenario read_scenario(const std::string& file, const nlohmann::json& json,
                       const Handlers& handlers) {
  JsonObject keys(json, file, "$");
  keys.at("version").integer(kScenarioVersion, kScenarioVersion);
  Scenario scenario;
  scenario.name = std::filesystem::path(file).stem().string();
  scenario.path = file;
  scenario.description = keys.text_or("description", "");
  scenario.duration = keys.seconds("duration_s", kLongestRun);

  JsonObject topology = keys.at("topology").object();
  scenario.devices = read_devices(topology.at("devices"));
  const Names names = names_of(scenario.devices);
  scenario.links = read_links(topology.at("links"), names);
  topology.done();

  scenario.workload = read_workload(keys.at("workload"), names, handlers, scenario.duration);
  if (keys.has("faults")) scenario.faults = read_faults(keys.at("faults"), names, scenario);
  scenario.expectations = read_expectations(keys.at("expectations"), names, scenario);
  keys.done();
  return scenario;
}

}  // namespace

Result<Scenario> parse_scenario(const std::string& file, const std::string& text,
                                const Handlers& handlers) {
  try {
    return read_scenario(file, parse_json(file, text), handlers);
  } catch (const JsonRefusal& refusal) {
    return failure(ErrorCode::invalid_argument, refusal.message,
                   "schemas/scenario.md describes every key.");
  }
}

Result<Scenario> load_scenario(const std::string& path, const Handlers& handlers) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return failure(ErrorCode::not_found, fmt::format("Cannot read {}.", path));
  const std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  return parse_scenario(path, text, handlers);
}

}  // namespace kith::sim
