// Writes the page of a run that never was, with as many devices as asked for, so that tests need no
// long run for it.
//   report_sample DEVICES [hostile] FILE

#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "sim/report/page.h"

namespace kith::sim {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr std::uint32_t kDevicesPerSite = 20;
constexpr int kEventsPerDevice = 100;
constexpr Instant kFault{1'800'000'000'000};

struct Sample {
  World world{1};
  RandomSource random = world.random("sample");
  Report report;
  TopologyView topology;

  Instant any_time() {
    return Instant{static_cast<std::int64_t>(
        random.below(static_cast<std::uint64_t>(std::chrono::nanoseconds(hours(1)).count())))};
  }
  Device& any_device() {
    return world.device(static_cast<DeviceIndex>(random.below(world.device_count())));
  }
};

void add_devices(Sample& sample, std::uint32_t count, bool hostile) {
  for (std::uint32_t i = 0; i < count; ++i) {
    DeviceSpec spec;
    spec.name = hostile ? fmt::format("</script><img src=x onerror=window.hostile=1>{}", i)
                        : fmt::format("device-{}", i);
    spec.addresses = {Address::v4(10, static_cast<std::uint8_t>(i >> 8),
                                  static_cast<std::uint8_t>(i & 0xff), 1, 4433)};
    const std::uint32_t site = i / kDevicesPerSite;
    if (i % kDevicesPerSite == 0) {
      sample.topology.groups.push_back(fmt::format("site {}", site));
      sample.topology.nodes.push_back(
          {fmt::format("gateway {}", site), site, kNoDevice, "gateway"});
    }
    sample.world.add_device(spec);
    const auto node = static_cast<std::uint32_t>(sample.topology.nodes.size());
    sample.topology.nodes.push_back({spec.name, site, i, ""});
    sample.topology.edges.push_back({node - 1 - i % kDevicesPerSite, node, "1000 Mbit/s, 1 ms"});
  }
}

struct Moment {
  Instant at;
  std::uint64_t what = 0;
};

void happen(Sample& sample, RunLog& log, const Moment& moment) {
  Device& device = sample.any_device();
  Device& other = sample.any_device();
  const Address remote = other.address(static_cast<std::uint16_t>(4433 + moment.what % 3));
  switch (moment.what % 8) {
    case 0:
      return log.on_stopped(device, moment.at, Ending::crashed);
    case 1:
    case 2:
      return log.on_started(device, moment.at);
    case 3:
      return log.on_transmit(device, moment.at, Transmit{{1}, remote, {}, 0, {}, 1200, 1200}, {});
    case 4:
      return log.on_output(device, moment.at, Event(Paired{{}, other.id(), other.name()}));
    case 5:
      return log.on_output(device, moment.at, Event(MessageQueued{{}, other.id(), {}}));
    default:
      return log.on_output(device, moment.at, Event(MessageReceived{other.id(), {}, {}, "{}"}));
  }
}

void transfer(Sample& sample, RunLog& log, std::uint64_t number, Instant at) {
  Device& from = sample.any_device();
  Device& to = sample.any_device();
  TransferId id{};
  for (std::size_t i = 0; i < 8; ++i) id.bytes[i] = static_cast<std::byte>(number >> (8 * i) & 255);
  const std::uint64_t bytes = 1'000'000 + sample.random.below(50'000'000);
  log.on_output(from, at, Event(TransferStarted{{number}, id, to.id(), bytes}));
  log.on_output(to, at, Event(TransferOffered{id, from.id(), {{"photos.tar"}}, bytes, false}));
  for (std::uint64_t part = 1; part <= 20; ++part) {
    const auto after = seconds(static_cast<std::int64_t>(part));
    for (const auto direction : {TransferDirection::receiving, TransferDirection::sending}) {
      log.on_output(direction == TransferDirection::sending ? from : to, at + after,
                    Event(TransferProgress{id, direction, bytes * part / 20, bytes, 0, {}}));
    }
  }
  log.on_output(to, at + seconds(20),
                Event(TransferCompleted{id, TransferDirection::receiving, bytes, seconds(20), 0}));
}

std::string page(std::uint32_t devices, bool hostile) {
  Sample sample;
  add_devices(sample, devices, hostile);
  RunLog log(sample.world);
  std::vector<Moment> moments;
  for (std::uint64_t i = 0; i < std::uint64_t{devices} * kEventsPerDevice; ++i) {
    moments.push_back({sample.any_time(), sample.random.below(1000)});
  }
  std::sort(moments.begin(), moments.end(),
            [](const Moment& a, const Moment& b) { return a.at < b.at; });
  bool struck = false;
  for (const Moment& moment : moments) {
    if (!struck && moment.at >= kFault) {
      log.on_fault(kFault, "the router of site 0 restarts", std::vector{0u, 1u});
      struck = true;
    }
    happen(sample, log, moment);
  }
  for (std::uint64_t i = 1; i <= devices / 4; ++i) {
    transfer(sample, log, i, Instant{} + hours(1) + seconds(20 * static_cast<std::int64_t>(i)));
  }

  sample.report.scenario = "sample";
  sample.report.devices = devices;
  sample.report.virtual_time = hours(1) + seconds(20 * (devices / 4 + 2));
  sample.report.violations = {{"messages", false, "at 1200.000000 s"}};
  sample.report.violations_seen = 2;
  sample.report.sightings = {
      {"messages", Instant{} + seconds(1200), 0, "was given a message twice in one life"},
      {"messages", Instant{} + seconds(2400), 1, "was given messages in another order"}};
  return page_of(sample.report, log, sample.topology, {"A run that never was", "sample"});
}

}  // namespace
}  // namespace kith::sim

int main(int argc, char** argv) {
  const bool hostile = argc == 4 && std::string(argv[2]) == "hostile";
  if (argc != 3 && !hostile) return 2;
  const auto devices = static_cast<std::uint32_t>(std::strtoul(argv[1], nullptr, 10));
  std::ofstream file(argv[argc - 1], std::ios::binary);
  file << kith::sim::page(devices, hostile);
  return file.flush() ? 0 : 1;
}
