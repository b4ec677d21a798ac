#include "engine/discovery/mdns/mdns.h"

#include <algorithm>

#include "engine/discovery/mdns/limits.h"
#include "engine/dns/parse.h"

namespace kith::mdns {
namespace {

// FNV-1a: to know own packets again, not to withstand anyone.
std::uint64_t hash_of(ByteView bytes) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const std::byte byte : bytes) {
    hash = (hash ^ std::to_integer<std::uint64_t>(byte)) * 0x100000001b3;
  }
  return hash;
}

bool same_ip(const Address& a, const Address& b) { return a.family == b.family && a.ip == b.ip; }

}  // namespace

void Mdns::set_interfaces(Instant now, std::span<const Interface> interfaces) {
  std::map<std::uint32_t, Interface> wanted;
  for (const Interface& interface : interfaces) {
    if (wanted.size() == kMaxInterfaces) {
      counters_.count(Drop::interfaces);
    } else {
      wanted.insert_or_assign(interface.index, bounded(interface));
    }
  }
  for (auto link = links_.begin(); link != links_.end();) {
    if (wanted.contains(link->first)) {
      ++link;
      continue;
    }
    for (InstanceLost& lost : link->second->close()) events_.emplace_back(std::move(lost));
    link = links_.erase(link);
  }
  for (const auto& [index, interface] : wanted) {
    auto& link = links_[index];
    if (!link) {
      auto random = random_.fork("link", links_made_++);
      link = std::make_unique<Link>(names_, contention_, counters_, std::move(random), index);
    } else if (link->interface() == interface) {
      continue;
    }
    link->replace(now, interface, current());
  }
  run(now);
}

Interface Mdns::bounded(Interface interface) {
  std::size_t room = kMaxAddresses;
  for (auto* subnets : {&interface.ipv4, &interface.ipv6}) {
    if (subnets->size() > room) {
      counters_.count(Drop::interfaces);
      subnets->resize(room);
    }
    room -= subnets->size();
  }
  return interface;
}

Result<void> Mdns::set_instances(Instant now, const Presence& presence) {
  if (auto valid = validate(presence); !valid) return valid;
  std::vector<Claimed> claimed;
  for (const Instance& instance : presence.instances) {
    const auto before =
        std::find_if(instances_.begin(), instances_.end(),
                     [&](const Claimed& each) { return each.wanted == instance.label; });
    claimed.push_back(before != instances_.end() ? *before
                                                 : Claimed{instance.label, instance.label});
  }
  if (host_.wanted != presence.host_label) host_ = {presence.host_label, presence.host_label};
  instances_ = std::move(claimed);
  wanted_ = presence;
  replace(now);
  run(now);
  return {};
}

// What is wanted under the names that are left after conflicts.
Presence Mdns::current() const {
  Presence presence;
  presence.host_label = host_.label;
  for (std::size_t i = 0; i < instances_.size(); ++i) {
    presence.instances.push_back(wanted_.instances[i]);
    presence.instances.back().label = instances_[i].label;
  }
  return presence;
}

void Mdns::replace(Instant now) {
  const Presence presence = current();
  own_.clear();
  for (const Instance& instance : presence.instances) {
    own_.insert(names_.service.child(instance.label).value());
  }
  for (auto& [index, link] : links_) link->replace(now, Interface(link->interface()), presence);
}

void Mdns::rename(const dns::Name& lost) {
  const bool host = lost.parent() == names_.local;
  Claimed* claimed = nullptr;
  if (host && dns::same_label(host_.label, lost.first_label())) claimed = &host_;
  for (Claimed& each : instances_) {
    if (!host && dns::same_label(each.label, lost.first_label())) claimed = &each;
  }
  if (!claimed) return;
  const auto taken = [&](const std::string& label) {
    return !host && own_.contains(names_.service.child(label).value());
  };
  do {
    claimed->label = host ? next_host_label(claimed->label) : next_instance_label(claimed->label);
  } while (taken(claimed->label));
  if (events_.size() < kMaxConflictEvents) {
    events_.emplace_back(InstanceConflict{claimed->wanted, host, claimed->label});
  } else {
    counters_.count(Drop::conflict_events);
  }
}

void Mdns::handle_datagram(Instant now, const Datagram& datagram) {
  const auto found = links_.find(datagram.interface);
  if (found == links_.end() || !found->second->has_scope(datagram.source.family)) {
    return counters_.count(Drop::unknown_interface);
  }
  Link& link = *found->second;
  if (!link.is_on_link(datagram.source)) return counters_.count(Drop::off_link);
  if (datagram.bytes.size() > kMaxDatagramBytes) return counters_.count(Drop::too_large);
  if (is_echo(datagram)) return counters_.count(Drop::own_echo);
  const auto message = dns::parse(datagram.bytes);
  if (!message) return counters_.count(message.error());
  if (message->header.opcode != 0 || message->header.rcode != 0) {
    return counters_.count(Drop::not_mdns);
  }
  if (!message->header.response) {
    link.on_query(now, datagram.source, *message, own_);
  } else if (datagram.source.port != kPort) {
    return counters_.count(Drop::response_from_port);
  } else {
    const auto is_own = [this](const dns::Record& record) {
      return std::any_of(links_.begin(), links_.end(),
                         [&](const auto& each) { return each.second->has(record); });
    };
    const auto lost = link.on_response(now, datagram.source, *message, own_, is_own);
    for (const dns::Name& name : lost) rename(name);
    if (!lost.empty()) replace(now);
  }
  run(now);
}

void Mdns::reconfirm(Instant now, std::uint32_t interface, std::string_view label) {
  const auto link = links_.find(interface);
  const auto name = names_.service.child(label);
  if (link == links_.end() || !name) return;
  link->second->reconfirm(now, *name);
  run(now);
}

void Mdns::run(Instant now) {
  const Link::Send sender = [this](Transmit transmit) { send(std::move(transmit)); };
  for (auto& [index, link] : links_) link->run(now, sender);
}

void Mdns::send(Transmit transmit) {
  if (transmits_.size() == kMaxTransmits) return counters_.count(Drop::transmits);
  if (transmit.destination == group(transmit.family, transmit.interface)) {
    echoes_.push_back(hash_of(transmit.bytes));
    if (echoes_.size() > kRememberedPackets) echoes_.pop_front();
  }
  transmits_.push_back(std::move(transmit));
}

// A link may give a packet back on this or another interface of ours. Another responder of this
// host sends from the same addresses: only bytes that were sent here are ours.
bool Mdns::is_echo(const Datagram& datagram) const {
  if (!is_own_address(datagram.source)) return false;
  return std::find(echoes_.begin(), echoes_.end(), hash_of(datagram.bytes)) != echoes_.end();
}

bool Mdns::is_own_address(const Address& address) const {
  for (const auto& [index, link] : links_) {
    for (const auto* subnets : {&link->interface().ipv4, &link->interface().ipv6}) {
      for (const Subnet& subnet : *subnets) {
        if (same_ip(subnet.ip, address)) return true;
      }
    }
  }
  return false;
}

std::optional<Transmit> Mdns::poll_transmit() {
  if (transmits_.empty()) return std::nullopt;
  Transmit transmit = std::move(transmits_.front());
  transmits_.pop_front();
  return transmit;
}

std::optional<Event> Mdns::poll_event() {
  if (!events_.empty()) {
    Event event = std::move(events_.front());
    events_.pop_front();
    return event;
  }
  for (auto& [index, link] : links_) {
    if (auto event = link->poll_event()) return event;
  }
  return std::nullopt;
}

std::optional<Instant> Mdns::next_wakeup() const {
  Instant next = Instant::never();
  for (const auto& [index, link] : links_) next = std::min(next, link->next());
  return next == Instant::never() ? std::nullopt : std::optional(next);
}

std::optional<Life> Mdns::life(std::uint32_t interface, Address::Family family,
                               std::string_view instance_label) const {
  const auto link = links_.find(interface);
  const auto name = names_.service.child(instance_label);
  if (link == links_.end() || !link->second->has_scope(family) || !name) return std::nullopt;
  for (const OwnSet& set : link->second->claims(family).sets()) {
    if (set.name == *name) return set.life;
  }
  return std::nullopt;
}

}  // namespace kith::mdns
