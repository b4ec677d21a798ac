#include "engine/discovery/address_book.h"

#include <algorithm>

#include "engine/base/append.h"

namespace kith {
namespace {

// The order of the turns. An address that a connection ran over was proven once.
constexpr std::array<AddressSource, kAddressSources> kTurns{
    AddressSource::connection, AddressSource::manual, AddressSource::mdns, AddressSource::dht};

std::size_t index_of(AddressSource source) { return static_cast<std::size_t>(source); }

}  // namespace

bool AddressBook::learn(Instant now, const DeviceId& device, AddressSource source,
                        const std::vector<Address>& addresses, Duration life) {
  if (addresses.empty() && !devices_.contains(device)) return false;
  Told& told = entry(now, device).by_source[index_of(source)];
  const std::vector<Address> before =
      now < told.until ? std::move(told.addresses) : std::vector<Address>();
  told.addresses.clear();
  for (const Address& address : addresses) {
    if (told.addresses.size() == kMostOfASource) break;
    append_once(told.addresses, address);
  }
  told.until = life == kForEver ? Instant::never() : now + life;
  return std::any_of(told.addresses.begin(), told.addresses.end(),
                     [&](const Address& address) { return !contains(before, address); });
}

void AddressBook::add(Instant now, const DeviceId& device, AddressSource source,
                      const Address& address) {
  std::vector<Address>& addresses = entry(now, device).by_source[index_of(source)].addresses;
  std::erase(addresses, address);
  addresses.insert(addresses.begin(), address);
  if (addresses.size() > kMostOfASource) addresses.pop_back();
}

void AddressBook::forget(const DeviceId& device) { devices_.erase(device); }

std::vector<Address> AddressBook::best(Instant now, const DeviceId& device,
                                       std::size_t most) const {
  std::array<std::vector<Address>, kAddressSources> told;
  for (std::size_t i = 0; i < kAddressSources; ++i) told[i] = of(now, device, kTurns[i]);
  std::vector<Address> best;
  for (std::size_t rank = 0; rank < kMostOfASource; ++rank) {
    for (const std::vector<Address>& addresses : told) {
      if (rank >= addresses.size() || best.size() == most) continue;
      append_once(best, addresses[rank]);
    }
  }
  return best;
}

std::vector<Address> AddressBook::of(Instant now, const DeviceId& device,
                                     AddressSource source) const {
  const auto found = devices_.find(device);
  if (found == devices_.end()) return {};
  const Told& told = found->second.by_source[index_of(source)];
  return now < told.until ? told.addresses : std::vector<Address>();
}

AddressBook::Device& AddressBook::entry(Instant now, const DeviceId& device) {
  if (devices_.size() >= kMostDevices && !devices_.contains(device)) {
    devices_.erase(std::min_element(
        devices_.begin(), devices_.end(),
        [](const auto& a, const auto& b) { return a.second.told_at < b.second.told_at; }));
  }
  Device& entry = devices_[device];
  entry.told_at = now;
  return entry;
}

}  // namespace kith
