// What an idle device costs in the simulator: 1,000 of them at sites of their own behind NATs, an
// engine in each that listens, for a virtual minute. Counted by the allocator.
//   bytes_beside_engine   per device, what is left when the engines are gone
//   bytes_of_engine       per device, what went with them

#include <benchmark/benchmark.h>
#include <fmt/core.h>
#include <malloc.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/world/world.h"

namespace kith::sim {
namespace {

constexpr std::uint16_t kPort = 4433;

double allocated_bytes() {
  const struct mallinfo2 info = mallinfo2();
  return static_cast<double>(info.uordblks + info.hblkhd);
}

void add_idle_devices(World& world, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) {
    AttachmentSpec place;
    place.site = world.topology().add_site({});
    DeviceSpec spec;
    spec.name = fmt::format("device-{}", i);
    spec.attachments.push_back(place);
    Device& device = world.add_device(spec);
    device.start();
    device.submit(Listen{RequestId{1}, Address::v4(0, 0, 0, 0, kPort)});
  }
}

void idle_device(benchmark::State& state) {
  const auto devices = static_cast<double>(state.range(0));
  for (auto _ : state) {
    const double before = allocated_bytes();
    World world(1);
    add_idle_devices(world, state.range(0));
    world.run_until(Instant{} + std::chrono::minutes(1));
    const double running = allocated_bytes();
    for (DeviceIndex i = 0; i < world.device_count(); ++i) {
      world.device(i).stop(Ending::killed);
    }
    const double stopped = allocated_bytes();
    state.counters["bytes_beside_engine"] = (stopped - before) / devices;
    state.counters["bytes_of_engine"] = (running - stopped) / devices;
  }
}
BENCHMARK(idle_device)->Arg(1'000)->Unit(benchmark::kMillisecond)->Iterations(1);

}  // namespace
}  // namespace kith::sim
