#include "engine/discovery/mdns/view.h"

#include <algorithm>

#include "engine/discovery/mdns/limits.h"

namespace kith::mdns {
namespace {

// The one heard of last: an older one is about to be flushed.
const CacheEntry* latest(const std::vector<const CacheEntry*>& entries) {
  const auto last =
      std::max_element(entries.begin(), entries.end(),
                       [](const auto* a, const auto* b) { return a->received < b->received; });
  return last == entries.end() ? nullptr : *last;
}

bool is_link_local(const Address& address) {
  return address.family == Address::Family::ipv6 && address.ip[0] == std::byte{0xFE} &&
         (address.ip[1] & std::byte{0xC0}) == std::byte{0x80};
}

Address address_of(const dns::Record& record, std::uint16_t port, std::uint32_t interface) {
  Address address;
  address.port = port;
  if (const auto* a = std::get_if<dns::A>(&record.data)) {
    std::copy(a->ip.begin(), a->ip.end(), address.ip.begin());
  } else {
    address.family = Address::Family::ipv6;
    address.ip = std::get<dns::Aaaa>(record.data).ip;
    if (is_link_local(address)) address.scope = interface;
  }
  return address;
}

}  // namespace

std::optional<Neighbour> View::neighbour(const dns::Name& instance, const Cache& cache) const {
  if (!cache.has_instance(instance)) return std::nullopt;
  const CacheEntry* srv = latest(cache.find(instance, dns::Type::srv));
  const CacheEntry* txt = latest(cache.find(instance, dns::Type::txt));
  if (!srv || !txt) return std::nullopt;
  const auto& where = std::get<dns::Srv>(srv->record.data);
  Neighbour neighbour;
  neighbour.interface = interface_;
  neighbour.label = instance.first_label();
  neighbour.host = where.target.to_string();
  neighbour.txt = from_txt(std::get<dns::Txt>(txt->record.data));
  for (const auto type : {dns::Type::a, dns::Type::aaaa}) {
    for (const CacheEntry* entry : cache.find(where.target, type)) {
      if (neighbour.addresses.size() == kMaxAddresses) break;
      neighbour.addresses.push_back(address_of(entry->record, where.port, interface_));
    }
  }
  if (neighbour.addresses.empty() || where.port == 0) return std::nullopt;
  std::sort(neighbour.addresses.begin(), neighbour.addresses.end());
  return neighbour;
}

std::optional<Event> View::poll(const Cache& cache) {
  while (!dirty_.empty()) {
    const dns::Name instance = *dirty_.begin();
    dirty_.erase(dirty_.begin());
    const auto before = told_.find(instance);
    auto now = neighbour(instance, cache);
    if (!now) {
      if (before == told_.end()) continue;
      const std::string label = before->second.label;
      told_.erase(before);
      return InstanceLost{interface_, label};
    }
    if (before == told_.end()) {
      told_.emplace(instance, *now);
      return InstanceFound{*std::move(now)};
    }
    if (before->second == *now) continue;
    before->second = *now;
    return InstanceUpdated{*std::move(now)};
  }
  return std::nullopt;
}

std::vector<InstanceLost> View::close() const {
  std::vector<InstanceLost> lost;
  for (const auto& [name, neighbour] : told_) lost.push_back({interface_, neighbour.label});
  return lost;
}

}  // namespace kith::mdns
