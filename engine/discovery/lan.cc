#include "engine/discovery/lan.h"

#include <algorithm>

#include "engine/base/append.h"
#include "engine/base/text.h"
#include "engine/discovery/instance_names.h"
#include "engine/discovery/mdns/limits.h"

namespace kith::discovery {
namespace {

constexpr std::size_t kHostLabelBytes = 10;
// What waits here waits for a socket that takes nothing: newer packets say the same better.
constexpr std::size_t kMostOutgoing = 256;
constexpr std::string_view kPair = "pair";
constexpr std::string_view kId = "id";

Address any_address(Address::Family family) {
  Address any;
  any.family = family;
  any.port = mdns::kPort;
  return any;
}

std::string random_label(RandomSource& random) {
  return to_zbase32(random.bytes<kHostLabelBytes>());
}

std::string label_of(std::string_view name) {
  const std::string_view label = cut_utf8(name, dns::kMaxLabelBytes);
  return label.empty() ? "kith" : std::string(label);
}

std::optional<DeviceId> key_in(const mdns::Neighbour& neighbour, std::string_view key) {
  for (const auto& [name, value] : neighbour.txt) {
    if (name != key) continue;
    const auto id = DeviceId::parse(value);
    return id ? std::optional(*id) : std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

Lan::Lan(const Discovery& config, std::string device_name, const DeviceId& own_id,
         const VisibilityKey& own_key, Naming naming, RandomSource random)
    : config_(config),
      device_name_(std::move(device_name)),
      own_id_(own_id),
      own_key_(own_key),
      naming_(std::move(naming)),
      host_label_(random_label(random)),
      mdns_(random.fork("mdns")) {}

// --- what is known of this device ----------------------------------------------------------------

void Lan::set_networks(Instant now, const std::vector<NetworkInterface>& interfaces) {
  interfaces_.clear();
  for (const NetworkInterface& each : interfaces) {
    const bool wanted = config_.interfaces.empty() || contains(config_.interfaces, each.name);
    if (each.multicast && wanted) interfaces_.push_back(each);
  }
  join_groups(now);
}

void Lan::set_listening(Instant now, std::int64_t unix_ms, const std::vector<Address>& local) {
  listening_ = local;
  announce(now, unix_ms);
  join_groups(now);
}

void Lan::set_meeting(Instant now, std::int64_t unix_ms,
                      const std::optional<DeviceId>& rendezvous) {
  if (rendezvous == meeting_) return;
  meeting_ = rendezvous;
  announce(now, unix_ms);
}

void Lan::set_peers(std::int64_t unix_ms, std::vector<Peer> peers) {
  peers_ = std::move(peers);
  labels_.clear();
  for (const Peer& peer : peers_) {
    if (!peer.visibility_key) continue;
    for (std::string& label : recognised_labels(*peer.visibility_key, unix_ms)) {
      labels_.emplace(std::move(label), peer.id);
    }
  }
  // Who was a stranger until now may be one of them.
  std::set<DeviceId> changed;
  for (const auto& [place, neighbour] : neighbours_) {
    const auto who = who_is(neighbour);
    const auto known = known_.find(place);
    const bool same = who ? known != known_.end() && known->second == *who : known == known_.end();
    if (same) continue;
    if (known != known_.end()) changed.insert(known->second);
    known_.erase(place);
    if (who) changed.insert(known_.emplace(place, *who).first->second);
  }
  for (const DeviceId& who : changed) tell(who);
}

void Lan::announce(Instant now, std::int64_t unix_ms) {
  mdns::Presence presence;
  presence.host_label = host_label_;
  hour_ = unix_ms / kLabelLifeMs;
  if (!listening_.empty()) {
    const std::uint16_t port = listening_.front().port;
    presence.instances.push_back({blinded_label(own_key_, unix_ms), port, {}});
    mdns::Instance open{label_of(device_name_), port, {}};
    if (config_.visible) open.txt.emplace_back(kId, to_zbase32(own_id_.bytes));
    if (meeting_) open.txt.emplace_back(kPair, to_zbase32(meeting_->bytes));
    if (!open.txt.empty()) presence.instances.push_back(std::move(open));
  }
  const auto set = mdns_.set_instances(now, presence);
  KITH_CHECK_MSG(set.has_value(), "what is announced is within the rules");
  drain();
}

// --- sockets -------------------------------------------------------------------------------------

// Everywhere, as far as it matters, while nothing listens: then nothing is announced.
bool Lan::listens_at(const Address& ip) const {
  return listening_.empty() ||
         std::any_of(listening_.begin(), listening_.end(), [&](const Address& local) {
           return local.family == ip.family && local.port == listening_.front().port &&
                  (local.is_unspecified() || local.ip == ip.ip);
         });
}

std::vector<mdns::Interface> Lan::usable() const {
  const auto is_open = [this](Address::Family family) {
    return std::any_of(sockets_.begin(), sockets_.end(), [&](const auto& entry) {
      return entry.second.family == family && entry.second.open;
    });
  };
  std::vector<mdns::Interface> usable;
  for (const NetworkInterface& each : interfaces_) {
    mdns::Interface interface;
    interface.index = each.index;
    for (const NetworkAddress& address : each.addresses) {
      if (!is_open(address.ip.family)) continue;
      auto& subnets = address.ip.family == Address::Family::ipv4 ? interface.ipv4 : interface.ipv6;
      subnets.push_back({address.ip, address.prefix_bits, listens_at(address.ip)});
    }
    if (!interface.ipv4.empty() || !interface.ipv6.empty()) usable.push_back(std::move(interface));
  }
  return usable;
}

// One socket of each family that some interface has, in the group of every interface.
void Lan::join_groups(Instant now) {
  for (const auto family : {Address::Family::ipv4, Address::Family::ipv6}) {
    std::set<std::uint32_t> wanted;
    for (const NetworkInterface& each : interfaces_) {
      const bool has_family =
          std::any_of(each.addresses.begin(), each.addresses.end(),
                      [&](const NetworkAddress& own) { return own.ip.family == family; });
      if (has_family) wanted.insert(each.index);
    }
    auto socket = std::find_if(sockets_.begin(), sockets_.end(),
                               [&](const auto& entry) { return entry.second.family == family; });
    if (socket == sockets_.end()) {
      if (wanted.empty()) continue;
      if (const auto id = naming_.socket(any_address(family))) {
        sockets_.emplace(*id, Socket{family, false, {}});
        effects_.emplace_back(OpenSocket{*id, any_address(family), true});
      }
      continue;
    }
    auto& [id, state] = *socket;
    if (!state.open) continue;
    for (const std::uint32_t index : wanted) {
      if (state.joined.insert(index).second) {
        effects_.emplace_back(JoinGroup{id, mdns::group(family, index), index});
      }
    }
    // A system leaves the group of an interface that is gone by itself.
    std::erase_if(state.joined, [&](std::uint32_t index) { return !wanted.contains(index); });
  }
  update_interfaces(now);
}

void Lan::update_interfaces(Instant now) {
  const std::vector<mdns::Interface> interfaces = usable();
  mdns_.set_interfaces(now, interfaces);
  drain();
}

void Lan::socket_opened(Instant now, SocketId socket) {
  sockets_.at(socket).open = true;
  open_pause_ = kFirstOpenPause;
  join_groups(now);
}

void Lan::socket_failed(Instant now, SocketId socket) {
  sockets_.erase(socket);
  std::erase_if(outgoing_, [&](const Outgoing& each) { return each.socket == socket; });
  open_at_ = std::min(open_at_, now + open_pause_);
  open_pause_ = std::min(2 * open_pause_, kLongestOpenPause);
  update_interfaces(now);
}

void Lan::handle_datagram(Instant now, const DatagramsReceived& datagram) {
  mdns_.handle_datagram(now, {datagram.interface, datagram.remote, datagram.bytes});
  drain();
}

void Lan::on_wakeup(Instant now, std::int64_t unix_ms) {
  mdns_.on_wakeup(now);
  if (open_at_ <= now) {
    open_at_ = Instant::never();
    join_groups(now);
  }
  if (unix_ms / kLabelLifeMs != hour_) {
    announce(now, unix_ms);
    set_peers(unix_ms, std::vector<Peer>(peers_));
  }
  drain();
}

std::optional<Instant> Lan::next_wakeup(Instant now, std::int64_t unix_ms) const {
  const Instant next_hour =
      now + std::chrono::milliseconds(kLabelLifeMs -
                                      ((unix_ms % kLabelLifeMs) + kLabelLifeMs) % kLabelLifeMs);
  const Instant next = std::min(next_hour, open_at_);
  return std::min(next, mdns_.next_wakeup().value_or(next));
}

std::optional<Effect> Lan::poll_effect() {
  if (effects_.empty()) return std::nullopt;
  Effect effect = std::move(effects_.front());
  effects_.pop_front();
  return effect;
}

std::optional<Transmit> Lan::poll_datagrams(SocketId socket, std::span<std::byte> out) {
  return take_for(outgoing_, socket, out);
}

void Lan::drain() {
  while (auto packet = mdns_.poll_transmit()) {
    for (const auto& [id, socket] : sockets_) {
      if (socket.family != packet->family || outgoing_.size() >= kMostOutgoing) continue;
      outgoing_.push_back({id, packet->destination, packet->interface, std::move(packet->bytes)});
      break;
    }
  }
  while (auto event = mdns_.poll_event()) {
    std::visit([this](const auto& each) { on_event(each); }, *event);
  }
}

// --- neighbours ----------------------------------------------------------------------------------

std::optional<DeviceId> Lan::who_is(const mdns::Neighbour& neighbour) const {
  // Without the number that a conflict put behind it; the label itself has no space.
  const auto label = labels_.find(neighbour.label.substr(0, neighbour.label.find(' ')));
  if (label != labels_.end()) return label->second;
  if (const auto meeting = key_in(neighbour, kPair)) return meeting;
  const auto id = key_in(neighbour, kId);
  return id && is_peer(*id) ? id : std::nullopt;
}

bool Lan::is_peer(const DeviceId& id) const {
  return std::any_of(peers_.begin(), peers_.end(), [&](const Peer& peer) { return peer.id == id; });
}

void Lan::on_event(const mdns::InstanceFound& event) {
  const mdns::Neighbour& neighbour = event.neighbour;
  const Place place{neighbour.interface, neighbour.label};
  const auto before = known_.find(place);
  const auto who = who_is(neighbour);
  neighbours_[place] = neighbour;
  if (before != known_.end() && before->second != who) {
    const DeviceId lost = before->second;
    known_.erase(before);
    tell(lost);
  }
  if (who) {
    known_[place] = *who;
    tell(*who);
  }
  if (!neighbour.txt.empty()) tell_stranger(neighbour);
}

void Lan::on_event(const mdns::InstanceUpdated& event) {
  on_event(mdns::InstanceFound{event.neighbour});
}

void Lan::on_event(const mdns::InstanceLost& event) {
  const Place place{event.interface, event.label};
  const auto neighbour = neighbours_.find(place);
  if (neighbour == neighbours_.end()) return;
  mdns::Neighbour gone = std::move(neighbour->second);
  neighbours_.erase(neighbour);
  gone.addresses.clear();
  if (!gone.txt.empty()) tell_stranger(gone);
  const auto known = known_.find(place);
  if (known == known_.end()) return;
  const DeviceId who = known->second;
  known_.erase(known);
  tell(who);
}

void Lan::not_reached(Instant now, const DeviceId& who, const Address& address) {
  for (const auto& [place, known] : known_) {
    const std::vector<Address>& announced = neighbours_.at(place).addresses;
    const bool here = contains(announced, address);
    if (known == who && here) mdns_.reconfirm(now, place.first, place.second);
  }
  drain();
}

// Where a device is on all its names and interfaces.
std::vector<Address> Lan::addresses_of(const DeviceId& who) const {
  std::vector<Address> addresses;
  for (const auto& [place, known] : known_) {
    if (known != who) continue;
    for (const Address& address : neighbours_.at(place).addresses) {
      append_once(addresses, address);
    }
  }
  return addresses;
}

void Lan::tell(const DeviceId& who) {
  effects_.emplace_back(Sighting{who, AddressSource::mdns, addresses_of(who)});
}

// Somebody with an open name who is no paired device.
void Lan::tell_stranger(const mdns::Neighbour& neighbour) {
  const auto id = key_in(neighbour, kId);
  if (!id || !is_peer(*id))
    effects_.emplace_back(Stranger{printable(neighbour.label), neighbour.addresses});
}

}  // namespace kith::discovery
