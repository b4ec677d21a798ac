#include "engine/discovery/mdns/own_records.h"

#include <algorithm>
#include <set>

#include "engine/base/check.h"
#include "engine/discovery/mdns/limits.h"

namespace kith::mdns {
namespace {

dns::Record shared_record(const dns::Name& name, const dns::Name& target) {
  dns::Record record;
  record.name = name;
  record.ttl = kOtherTtl;
  record.data = dns::Ptr{target};
  return record;
}

dns::Record unique_record(const dns::Name& name, std::uint32_t ttl, dns::Data data) {
  dns::Record record;
  record.name = name;
  record.cache_flush = true;
  record.ttl = ttl;
  record.data = std::move(data);
  return record;
}

// RFC 6762 section 6.1: the record's own name, and the types that exist under it.
OwnRecord negative_record(const OwnSet& set) {
  std::set<std::uint16_t> types;
  for (const OwnRecord& own : set.records) {
    if (own.record.cache_flush) types.insert(static_cast<std::uint16_t>(own.record.type()));
  }
  return {unique_record(set.name, kHostTtl, dns::Nsec{set.name, {types.begin(), types.end()}}),
          std::nullopt, std::nullopt};
}

template <std::size_t N>
std::array<std::byte, N> ip_of(const Subnet& subnet) {
  std::array<std::byte, N> ip{};
  std::copy_n(subnet.ip.ip.begin(), N, ip.begin());
  return ip;
}

OwnSet host_set(const dns::Name& host, const Interface& interface) {
  OwnSet set;
  set.name = host;
  for (const Subnet& subnet : interface.ipv4) {
    if (!subnet.announced) continue;
    set.records.push_back({unique_record(host, kHostTtl, dns::A{ip_of<4>(subnet)}), {}, {}});
  }
  for (const Subnet& subnet : interface.ipv6) {
    if (!subnet.announced) continue;
    set.records.push_back({unique_record(host, kHostTtl, dns::Aaaa{ip_of<16>(subnet)}), {}, {}});
  }
  set.negative = negative_record(set);
  return set;
}

OwnSet instance_set(const Names& names, const Instance& instance, const dns::Name& host) {
  OwnSet set;
  set.name = names.service.child(instance.label).value();
  const dns::Srv srv{0, 0, instance.port, host};
  set.records.push_back({shared_record(names.service, set.name), {}, {}});
  set.records.push_back({unique_record(set.name, kHostTtl, srv), {}, {}});
  set.records.push_back({unique_record(set.name, kOtherTtl, to_txt(instance.txt).value()), {}, {}});
  set.records.push_back({shared_record(names.enumeration, names.service), {}, {}});
  set.negative = negative_record(set);
  return set;
}

}  // namespace

bool Subnet::contains(const Address& address) const {
  if (address.family != ip.family) return false;
  for (std::size_t bit = 0; bit < prefix_bits; ++bit) {
    const auto mask = static_cast<std::byte>(0x80U >> (bit % 8));
    if ((address.ip[bit / 8] & mask) != (ip.ip[bit / 8] & mask)) return false;
  }
  return true;
}

Result<void> validate(const Presence& presence) {
  const Names names;
  if (presence.instances.size() > kMaxInstances) {
    return failure(ErrorCode::limit_exceeded, "too many instances to announce");
  }
  if (!presence.instances.empty() && !names.local.child(presence.host_label)) {
    return failure(ErrorCode::invalid_argument, "the host label is empty or over 63 bytes");
  }
  std::set<dns::Name> before;
  for (const Instance& instance : presence.instances) {
    const auto name = names.service.child(instance.label);
    if (!name) {
      return failure(ErrorCode::invalid_argument, "an instance label is empty or over 63 bytes");
    }
    if (!before.insert(*name).second) {
      return failure(ErrorCode::invalid_argument, "an instance label is there twice");
    }
    if (auto txt = to_txt(instance.txt); !txt) return tl::unexpected(txt.error());
  }
  return {};
}

std::vector<OwnSet> own_sets(const Names& names, const Presence& presence,
                             const Interface& interface) {
  std::vector<OwnSet> sets;
  if (presence.instances.empty()) return sets;
  const dns::Name host = names.local.child(presence.host_label).value();
  OwnSet addresses = host_set(host, interface);
  if (addresses.records.empty()) return sets;
  sets.push_back(std::move(addresses));
  for (const Instance& instance : presence.instances) {
    sets.push_back(instance_set(names, instance, host));
  }
  return sets;
}

}  // namespace kith::mdns
