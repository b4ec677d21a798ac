#include "engine/discovery/locator.h"

#include <algorithm>

#include "engine/base/append.h"

namespace kith::discovery {
namespace {

bool is_link_local(const Address& address) { return address.scope != 0; }

Address at_port(Address ip, std::uint16_t port) {
  ip.port = port;
  return ip;
}

}  // namespace

Locator::Locator(const Config& config, std::string device_name, const Identity& identity,
                 const RestoredState& restored, UnixMs unix_ms, Naming naming, RandomSource random)
    : config_(config.discovery),
      identity_(identity),
      own_key_(std::make_shared<const KeyPair>(identity.key_pair().clone())),
      unix_ms_(std::move(unix_ms)) {
  if (config_.mdns) {
    lan_.emplace(config_, std::move(device_name), identity.id(), identity.visibility_key(), naming,
                 random.fork("lan"));
  }
  if (config_.dht) {
    directory_.emplace(config_, restored, std::move(naming), random.fork("directory"));
  }
}

// --- what is true of this device -----------------------------------------------------------------

void Locator::set_networks(Instant now, const NetworkChanged& networks) {
  interfaces_ = networks.interfaces;
  if (lan_) lan_->set_networks(now, interfaces_);
  if (directory_) directory_->set_networks(now, interfaces_);
  publish(now);
}

void Locator::set_listening(Instant now, const std::vector<Address>& local) {
  listening_ = local;
  if (lan_) lan_->set_listening(now, unix_ms_(now), listening_);
  publish(now);
}

void Locator::set_meeting(Instant now, const std::optional<Meeting>& meeting) {
  const bool same = meeting.has_value() == meeting_.has_value() &&
                    (!meeting || meeting->rendezvous->id() == meeting_->rendezvous->id());
  if (same) return;
  if (meeting_ && directory_) directory_->withdraw(meeting_->rendezvous->id());
  meeting_ = meeting;
  if (lan_) {
    lan_->set_meeting(now, unix_ms_(now),
                      meeting ? std::optional(meeting->rendezvous->id()) : std::nullopt);
  }
  publish(now);
}

void Locator::set_peers(Instant now, std::vector<Peer> peers) {
  peers_ = std::move(peers);
  if (lan_) lan_->set_peers(unix_ms_(now), peers_);
}

// The addresses of all interfaces at which something listens.
std::vector<Address> Locator::own_addresses() const {
  std::vector<Address> own;
  for (const Address& local : listening_) {
    if (!local.is_unspecified()) {
      append_once(own, local);
      continue;
    }
    for (const NetworkInterface& interface : interfaces_) {
      for (const NetworkAddress& address : interface.addresses) {
        if (address.ip.family == local.family) append_once(own, at_port(address.ip, local.port));
      }
    }
  }
  return own;
}

// Those that mean something to others, global ones first, and the one that others in the DHT see:
// gateways that forward a port mostly keep its number.
pkarr::Presence Locator::presence() const {
  std::vector<Address> global, others;
  const auto add = [&](const Address& address) {
    if (is_link_local(address)) return;
    std::vector<Address>& list = dht::is_global(address) ? global : others;
    append_once(list, address);
  };
  for (const Address& own : own_addresses()) add(own);
  for (const Address& local : listening_) {
    if (!local.is_unspecified() || !external_ip_ || external_ip_->family != local.family) continue;
    add(at_port(*external_ip_, local.port));
  }
  pkarr::Presence presence;
  presence.addresses = std::move(global);
  presence.addresses.insert(presence.addresses.end(), others.begin(), others.end());
  if (presence.addresses.size() > pkarr::kMaxAddresses) {
    presence.addresses.resize(pkarr::kMaxAddresses);
  }
  if (config_.public_addresses) presence.open_addresses = presence.addresses;
  return presence;
}

void Locator::publish(Instant now) {
  if (!directory_) return;
  pkarr::Presence here = presence();
  if (here.addresses.empty()) {
    directory_->withdraw(identity_.id());
    if (meeting_) directory_->withdraw(meeting_->rendezvous->id());
    return;
  }
  directory_->publish(now, unix_ms_(now), own_key_, pkarr::sealing_key(identity_.visibility_key()),
                      here);
  if (!meeting_) return;
  here.open_addresses.clear();
  directory_->publish(now, unix_ms_(now), meeting_->rendezvous,
                      pkarr::sealing_key(meeting_->sealing_secret), std::move(here));
}

// --- where others are ----------------------------------------------------------------------------

void Locator::learn_manual(Instant now, const DeviceId& device, const Address& address) {
  book_.add(now, device, AddressSource::manual, address);
}

void Locator::learn_connected(Instant now, const DeviceId& device, const Address& address) {
  book_.learn(now, device, AddressSource::connection, {address});
}

// In another home somebody may well have an address that this device has here.
std::vector<Address> Locator::best(Instant now, const DeviceId& who, std::size_t most) const {
  std::vector<Address> best = book_.best(now, who, kAddressSources * AddressBook::kMostOfASource);
  const std::vector<Address> own = own_addresses();
  std::erase_if(best, [&](const Address& address) { return contains(own, address); });
  if (best.size() > most) best.resize(most);
  return best;
}

void Locator::look_for(Instant now, const DeviceId& who, Instant until,
                       const std::optional<std::array<std::byte, 32>>& sealing_secret) {
  if (!directory_) return;
  const Peer* known = peer(who);
  if (sealing_secret) {
    directory_->look_up(now, who, pkarr::sealing_key(*sealing_secret), until);
  } else if (known != nullptr && known->visibility_key) {
    directory_->look_up(now, who, pkarr::sealing_key(*known->visibility_key), until);
  }
}

void Locator::not_reached(Instant now, const DeviceId& who, const Address& address) {
  if (lan_) lan_->not_reached(now, who, address);
}

void Locator::stop_looking(const DeviceId& who) {
  if (directory_) directory_->stop(who);
}

const Peer* Locator::peer(const DeviceId& device) const {
  const auto found = std::find_if(peers_.begin(), peers_.end(),
                                  [&](const Peer& peer) { return peer.id == device; });
  return found == peers_.end() ? nullptr : &*found;
}

std::string Locator::name_of(const DeviceId& device) const {
  const Peer* known = peer(device);
  return known == nullptr ? "" : known->name;
}

void Locator::take(Instant now, Sighting sighting) {
  const bool news =
      book_.learn(now, sighting.who, sighting.source, sighting.addresses, sighting.life);
  if (news) outputs_.emplace_back(Found{sighting.who});
  // The key of a meeting is no device.
  if (peer(sighting.who) == nullptr || (!news && !sighting.addresses.empty())) return;
  outputs_.emplace_back(kith::Event(DeviceFound{sighting.who, name_of(sighting.who),
                                                sighting.source, std::move(sighting.addresses)}));
}

void Locator::take(Instant, Stranger stranger) {
  outputs_.emplace_back(kith::Event(DeviceFound{
      std::nullopt, std::move(stranger.name), AddressSource::mdns, std::move(stranger.addresses)}));
}

// --- the driver's side ---------------------------------------------------------------------------

bool Locator::owns(SocketId socket) const {
  return (lan_ && lan_->owns(socket)) || (directory_ && directory_->owns(socket));
}

void Locator::socket_opened(Instant now, SocketId socket) {
  if (lan_ && lan_->owns(socket)) lan_->socket_opened(now, socket);
  if (directory_ && directory_->owns(socket)) directory_->socket_opened(now, socket);
}

void Locator::socket_failed(Instant now, SocketId socket) {
  if (lan_ && lan_->owns(socket)) lan_->socket_failed(now, socket);
  if (directory_ && directory_->owns(socket)) directory_->socket_failed(now);
}

void Locator::stored(Instant now, const StoreCompleted& completed) {
  directory_->stored(now, completed);
}

void Locator::host_resolved(Instant now, const HostResolved& resolved) {
  if (directory_) directory_->host_resolved(now, resolved);
}

void Locator::handle_datagrams(Instant now, const DatagramsReceived& batch) {
  for (std::size_t at = 0; at < batch.bytes.size(); at += batch.stride) {
    DatagramsReceived one = batch;
    one.bytes = batch.bytes.subspan(at, std::min(batch.stride, batch.bytes.size() - at));
    if (lan_ && lan_->owns(batch.socket)) lan_->handle_datagram(now, one);
    if (directory_ && directory_->owns(batch.socket)) directory_->handle_datagram(now, one);
    if (batch.stride == 0) break;
  }
  if (directory_ && directory_->external_ip() != external_ip_) {
    external_ip_ = directory_->external_ip();
    publish(now);
  }
}

void Locator::on_wakeup(Instant now) {
  if (lan_) lan_->on_wakeup(now, unix_ms_(now));
  if (directory_) directory_->on_wakeup(now, unix_ms_(now));
}

std::optional<LocatorOutput> Locator::poll_output(Instant now) {
  while (lan_) {
    auto effect = lan_->poll_effect();
    if (!effect) break;
    std::visit([&](auto& each) { take(now, std::move(each)); }, *effect);
  }
  while (directory_) {
    auto effect = directory_->poll_effect();
    if (!effect) break;
    std::visit([&](auto& each) { take(now, std::move(each)); }, *effect);
  }
  if (outputs_.empty()) return std::nullopt;
  LocatorOutput output = std::move(outputs_.front());
  outputs_.pop_front();
  return output;
}

std::optional<Transmit> Locator::poll_datagrams(SocketId socket, std::span<std::byte> out) {
  if (lan_ && lan_->owns(socket)) return lan_->poll_datagrams(socket, out);
  return directory_ ? directory_->poll_datagrams(socket, out) : std::nullopt;
}

std::optional<Instant> Locator::next_wakeup(Instant now) const {
  std::optional<Instant> next;
  const auto earlier = [&next](std::optional<Instant> at) {
    if (at && (!next || *at < *next)) next = at;
  };
  if (lan_) earlier(lan_->next_wakeup(now, unix_ms_(now)));
  if (directory_) earlier(directory_->next_wakeup());
  return next;
}

void Locator::add_counters(std::map<std::string_view, std::uint64_t>& to) const {
  if (lan_) {
    std::uint64_t dropped = 0;
    for (const std::uint64_t count : lan_->counters().drops) dropped += count;
    to["discovery.mdns_dropped"] += dropped;
  }
  if (directory_ && directory_->node() != nullptr) {
    std::uint64_t dropped = 0;
    for (const std::uint64_t count : directory_->node()->drops()) dropped += count;
    to["discovery.dht_dropped"] += dropped;
  }
}

}  // namespace kith::discovery
