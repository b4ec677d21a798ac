#include "sim/world/world.h"

#include <fmt/core.h>

#include <array>

namespace kith::sim {
namespace {

// 2026-01-01 00:00:00 UTC.
constexpr std::int64_t kUnixStartNs = 1'767'225'600'000'000'000;

// The largest UDP payload over IPv4 and a little more, as a socket's GSO send takes it.
constexpr std::size_t kSendBufferBytes = 65536;

}  // namespace

RandomSource source_of_seed(std::uint64_t seed) {
  std::array<std::byte, 32> bytes{};
  for (std::size_t i = 0; i < 8; ++i) bytes[i] = static_cast<std::byte>(seed >> (8 * i) & 0xff);
  return RandomSource(bytes);
}

World::World(std::uint64_t seed)
    : random_(source_of_seed(seed)),
      network_(timeline_, random_.fork("network")),
      topology_(network_),
      send_buffer_(kSendBufferBytes) {}

World::~World() = default;

Device& World::add_device(const DeviceSpec& spec) {
  const auto index = static_cast<DeviceIndex>(devices_.size());
  devices_.push_back(std::make_unique<Device>(*this, index, spec));
  return *devices_.back();
}

Result<std::vector<Address>> World::resolve(std::string_view host, std::uint16_t port) const {
  for (const auto& device : devices_) {
    if (device->name() == host) return device->known_addresses(port);
  }
  return failure(ErrorCode::not_found, fmt::format("No host is named {}.", host));
}

World::LinkPair World::connect(const Device& from, const Device& to, const LinkSpec& there,
                               const LinkSpec& back) {
  const LinkId first = network_.connect(from.node(), to.node(), there);
  return {first, network_.connect(to.node(), from.node(), back)};
}

std::int64_t World::unix_start_ns() const { return kUnixStartNs; }

void World::halt(std::string reason) {
  if (halt_reason_.empty()) halt_reason_ = std::move(reason);
  timeline_.halt();
}

}  // namespace kith::sim
