#include "tests/discovery/mdns/lan.h"

#include <algorithm>

#include "engine/base/check.h"
#include "engine/discovery/mdns/limits.h"
#include "engine/dns/parse.h"

namespace kith::mdns {
namespace {

constexpr Duration kLatency = milliseconds(1);

std::uint8_t high(std::size_t number) { return static_cast<std::uint8_t>((number + 1) >> 8); }
std::uint8_t low(std::size_t number) { return static_cast<std::uint8_t>(number + 1); }

Address source_of(const Interface& interface, Address::Family family) {
  Address source =
      family == Address::Family::ipv4 ? interface.ipv4.at(0).ip : interface.ipv6.at(0).ip;
  source.port = kPort;
  return source;
}

}  // namespace

Interface interface_of(std::size_t number, bool ipv6) {
  Interface interface;
  interface.index = kEthernet;
  interface.ipv4 = {{Address::v4(10, 0, high(number), low(number), 0), 16}};
  if (ipv6) {
    Address local;
    local.family = Address::Family::ipv6;
    local.ip[0] = std::byte{0xFE};
    local.ip[1] = std::byte{0x80};
    local.ip[14] = std::byte{high(number)};
    local.ip[15] = std::byte{low(number)};
    interface.ipv6 = {{local, 64}};
  }
  return interface;
}

std::string label_of(std::size_t number) {
  // As long as a blinded label: 20 bytes of a hash in base32hex.
  const std::string digits = std::to_string(number);
  return "kith" + std::string(28 - digits.size(), '0') + digits;
}

Presence presence_of(std::size_t number) {
  return {"host" + std::to_string(number), {{label_of(number), 4242, {{"v", "1"}}}}};
}

RandomSource random_of(std::uint64_t seed) {
  std::array<std::byte, 32> bytes{};
  for (std::size_t i = 0; i < 8; ++i) bytes[i] = static_cast<std::byte>(seed >> (8 * i));
  return RandomSource(bytes);
}

dns::Message Heard::message() const { return dns::parse(transmit.bytes).value(); }

std::size_t Lan::join() {
  const std::size_t number = devices_.size();
  Device device;
  device.mdns = std::make_unique<Mdns>(random_.fork("device", number));
  device.interface = interface_of(number, settings_.ipv6);
  devices_.push_back(std::move(device));
  wakeups_.push_back(Instant::never());
  with(number, [&](Mdns& mdns) {
    mdns.set_interfaces(now_, std::span(&devices_[number].interface, 1));
    KITH_CHECK(mdns.set_instances(now_, presence_of(number)).has_value());
  });
  return number;
}

void Lan::run_for(Duration span) {
  const Instant end = now_ + span;
  while (true) {
    const auto wakeup = std::min_element(wakeups_.begin(), wakeups_.end());
    const Instant timer = wakeup == wakeups_.end() ? Instant::never() : *wakeup;
    const Instant packet = deliveries_.empty() ? Instant::never() : deliveries_.top().at;
    if (std::min(timer, packet) > end) break;
    now_ = std::max(now_, std::min(timer, packet));
    if (packet <= timer) {
      const Delivery delivery = deliveries_.top();
      deliveries_.pop();
      with(delivery.to, [&](Mdns& mdns) {
        mdns.handle_datagram(now_, {kEthernet, delivery.source, *delivery.bytes});
      });
    } else {
      with(static_cast<std::size_t>(wakeup - wakeups_.begin()),
           [&](Mdns& mdns) { mdns.on_wakeup(now_); });
    }
  }
  now_ = end;
}

void Lan::drain(std::size_t number) {
  Device& device = devices_[number];
  while (auto transmit = device.mdns->poll_transmit()) deliver(number, *transmit);
  while (auto event = device.mdns->poll_event()) note(device, *std::move(event));
  wakeups_[number] = device.mdns->next_wakeup().value_or(Instant::never());
}

void Lan::deliver(std::size_t from, const Transmit& transmit) {
  Device& sender = devices_[from];
  KITH_CHECK(transmit.interface == kEthernet && transmit.bytes.size() <= kMaxPacketBytes);
  const bool multicast = transmit.destination == group(transmit.family, kEthernet);
  ++(multicast ? sender.multicasts : sender.unicasts);
  if (settings_.record) heard_.push_back({now_, transmit});
  if (!sender.attached) return;
  const auto bytes = std::make_shared<const Bytes>(transmit.bytes);
  const Address source = source_of(sender.interface, transmit.family);
  for (std::size_t to = 0; to < devices_.size(); ++to) {
    const bool meant = multicast ? to != from || settings_.echo
                                 : source_of(devices_[to].interface, transmit.family).ip ==
                                       transmit.destination.ip;
    if (!meant || !devices_[to].attached) continue;
    if (random_.chance(settings_.loss_per_mille, 1000)) continue;
    deliveries_.push({now_ + kLatency, order_++, to, source, bytes});
  }
}

void Lan::note(Device& device, Event event) {
  if (const auto* found = std::get_if<InstanceFound>(&event)) {
    KITH_CHECK(device.neighbours.emplace(found->neighbour.label, found->neighbour).second);
  } else if (const auto* updated = std::get_if<InstanceUpdated>(&event)) {
    KITH_CHECK(device.neighbours.contains(updated->neighbour.label));
    device.neighbours[updated->neighbour.label] = updated->neighbour;
  } else if (const auto* lost = std::get_if<InstanceLost>(&event)) {
    KITH_CHECK(device.neighbours.erase(lost->label) == 1);
  }
  device.events.push_back(std::move(event));
}

std::size_t Lan::unknown_pairs() const {
  std::size_t unknown = 0;
  for (const Device& device : devices_) unknown += devices_.size() - 1 - device.neighbours.size();
  return unknown;
}

void Lan::reset_counts() {
  for (Device& device : devices_) device.multicasts = device.unicasts = 0;
}

std::size_t Lan::multicasts() const {
  std::size_t sum = 0;
  for (const Device& device : devices_) sum += device.multicasts;
  return sum;
}

}  // namespace kith::mdns
