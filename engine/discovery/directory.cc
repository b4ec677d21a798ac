#include "engine/discovery/directory.h"

#include <algorithm>

#include "engine/base/append.h"
#include "engine/base/byte_reader.h"
#include "engine/base/byte_writer.h"
#include "engine/base/host_port.h"

namespace kith::discovery {
namespace {

// What the first clients of the DHT run for everybody.
constexpr std::string_view kPublicHosts[] = {
    "router.bittorrent.com:6881", "dht.transmissionbt.com:6881", "dht.libtorrent.org:25401"};
constexpr Duration kResolveAgain = std::chrono::minutes(1);
constexpr Duration kSaveEvery = std::chrono::minutes(10);
constexpr Duration kFirstPause = std::chrono::seconds(3);
constexpr Duration kLongestPause = std::chrono::minutes(5);
// While a person waits.
constexpr Duration kLongestLookPause = std::chrono::seconds(15);
constexpr std::size_t kMostOutgoing = 1024;

std::int64_t read_number(const RestoredState& restored) {
  const auto found = restored.find(std::string(kSequenceStoreKey));
  if (found == restored.end()) return 0;
  const auto number = ByteReader(found->second).u64();
  return number ? static_cast<std::int64_t>(*number & (~std::uint64_t{0} >> 1)) : 0;
}

}  // namespace

Directory::Directory(const kith::Discovery& config, const RestoredState& restored, Naming naming,
                     RandomSource random)
    : hosts_(config.bootstrap),
      port_(config.dht_port),
      naming_(std::move(naming)),
      random_(std::move(random)),
      last_number_(read_number(restored)) {
  if (hosts_.empty()) hosts_.assign(std::begin(kPublicHosts), std::end(kPublicHosts));
  const auto saved = restored.find(std::string(kDhtStoreKey));
  if (saved != restored.end()) saved_ = saved->second;
}

// --- getting in ----------------------------------------------------------------------------------

void Directory::set_networks(Instant now, const std::vector<NetworkInterface>& interfaces) {
  const bool was_online = online_;
  online_ = std::any_of(interfaces.begin(), interfaces.end(), [](const NetworkInterface& each) {
    return std::any_of(each.addresses.begin(), each.addresses.end(), [](const auto& address) {
      return address.ip.family == Address::Family::ipv4;
    });
  });
  if (!online_) return;
  open();
  if (node_) {
    node_->network_changed(now);
    for (auto& [key, publication] : publications_) publication.due = now;
    drain(now);
  } else if (!was_online) {
    resolve_hosts(now);
  }
}

void Directory::open() {
  if (socket_ || !online_) return;
  Address any;
  any.port = port_;
  socket_ = naming_.socket(any);
  if (socket_) effects_.emplace_back(OpenSocket{*socket_, any});
}

void Directory::resolve_hosts(Instant now) {
  open();
  resolve_at_ = now + kResolveAgain;
  for (const std::string& text : hosts_) {
    if (const auto address = Address::parse(text)) {
      append_once(entrances_, *address);
    } else if (const auto host = parse_host_port(text)) {
      const ResolveId id = naming_.resolve();
      resolving_.emplace(id, text);
      effects_.emplace_back(ResolveHost{id, host->host, host->port});
    }
  }
  enter(now);
}

// The node may have come in before, by another host or by nodes it remembers.
void Directory::host_resolved(Instant now, const HostResolved& resolved) {
  if (resolving_.erase(resolved.id) == 0 || !resolved.addresses) return;
  for (const Address& address : *resolved.addresses) {
    if (address.family == Address::Family::ipv4) append_once(entrances_, address);
  }
  if (node_ && node_->scope() == scope()) {
    node_->set_bootstrap(now, bootstrap());
    return drain(now);
  }
  leave();
  enter(now);
}

std::vector<Address> Directory::bootstrap() const {
  const std::size_t count = std::min(entrances_.size(), dht::kMaxBootstrapHosts);
  return {entrances_.begin(), entrances_.begin() + static_cast<std::ptrdiff_t>(count)};
}

// A laboratory's hosts all have private addresses.
dht::Scope Directory::scope() const {
  const bool global = std::any_of(entrances_.begin(), entrances_.end(), dht::is_global);
  return entrances_.empty() || global ? dht::Scope::internet : dht::Scope::local;
}

// As soon as there is a way in.
void Directory::enter(Instant now) {
  const bool way_in = !entrances_.empty() || !saved_.empty();
  if (node_ || !socket_open_ || !way_in) return;
  dht::Config config;
  config.bootstrap = bootstrap();
  config.scope = scope();
  config.reachable = port_ != 0;
  node_.emplace(now, std::move(config), random_.fork("node", last_request_), saved_);
  resolve_at_ = Instant::never();
  for (auto& [key, publication] : publications_) publication.due = now;
  for (auto& [who, look_up] : look_ups_) look_up.due = now;
  drain(now);
}

void Directory::socket_opened(Instant now, SocketId) {
  socket_open_ = true;
  enter(now);
}

void Directory::socket_failed(Instant now) {
  leave();
  socket_.reset();
  socket_open_ = false;
  outgoing_.clear();
  resolve_at_ = std::min(resolve_at_, now + kResolveAgain);
}

// What the node was asked is asked again of the next one.
void Directory::leave() {
  if (!node_) return;
  saved_ = node_->save();
  node_.reset();
  for (auto& [key, publication] : publications_) publication.putting.reset();
  for (auto& [who, look_up] : look_ups_) look_up.getting.reset();
}

void Directory::handle_datagram(Instant now, const DatagramsReceived& datagram) {
  if (!node_) return;
  node_->handle_datagram(now, datagram.remote, datagram.bytes);
  drain(now);
}

// --- what is told --------------------------------------------------------------------------------

void Directory::publish(Instant now, std::int64_t unix_ms,
                        const std::shared_ptr<const KeyPair>& key, const SecretKey& sealing,
                        pkarr::Presence presence) {
  const auto found = publications_.find(key->id());
  if (found != publications_.end() && found->second.presence == presence) return;
  Publication publication{key, sealing.clone(), std::move(presence), now, {}, {}, {}, false};
  if (found != publications_.end()) {
    if (found->second.putting && node_) node_->cancel(*found->second.putting);
    found->second = std::move(publication);
  } else {
    publications_.emplace(key->id(), std::move(publication));
  }
  on_wakeup(now, unix_ms);
}

void Directory::withdraw(const DeviceId& key) {
  const auto found = publications_.find(key);
  if (found == publications_.end()) return;
  if (found->second.putting && node_) node_->cancel(*found->second.putting);
  publications_.erase(found);
}

// A number that was used must never be used for anything else: not after a restart, nor when the
// clock went back.
void Directory::number(std::int64_t unix_ms, Publication& publication) {
  constexpr std::int64_t kMicrosecondsPerMs = 1000;
  last_number_ = std::max(unix_ms * kMicrosecondsPerMs, last_number_ + 1);
  publication.numbering = true;
  const StoreOpId op = naming_.store_op();
  numbered_.emplace(op, publication.key->id());
  ByteWriter bytes;
  bytes.u64(static_cast<std::uint64_t>(last_number_));
  effects_.emplace_back(
      StoreCommit{op, {{std::string(kSequenceStoreKey), std::move(bytes).take()}}});
}

void Directory::stored(Instant now, const StoreCompleted& completed) {
  if (saving_ == completed.op) saving_.reset();
  const auto found = numbered_.find(completed.op);
  if (found == numbered_.end()) return;
  const auto publication = publications_.find(found->second);
  numbered_.erase(found);
  if (publication == publications_.end() || !publication->second.numbering) return;
  publication->second.numbering = false;
  if (!completed.outcome) return try_later(now, publication->second);
  put(now, publication->second);
  drain(now);
}

void Directory::try_later(Instant now, Publication& publication) {
  publication.pause = std::clamp<Duration>(2 * publication.pause, kFirstPause, kLongestPause);
  publication.due = now + publication.pause;
}

void Directory::put(Instant now, Publication& publication) {
  if (!node_) return;
  const Bytes packet =
      pkarr::write(publication.key->id(), publication.presence, publication.sealing, random_);
  const Bytes value = dht::string_value(packet);
  const RequestId request{++last_request_};
  const auto item = dht::sign_item(*publication.key, {}, last_number_, value);
  if (node_->put(now, request, item)) publication.putting = request;
}

void Directory::on_event(Instant now, const dht::PutDone& event) {
  for (auto& [key, publication] : publications_) {
    if (publication.putting != event.request) continue;
    publication.putting.reset();
    if (event.newer) last_number_ = std::max(last_number_, event.newer->seq);
    if (event.stored > 0) {
      publication.pause = {};
      publication.refresh =
          std::clamp<Duration>(2 * publication.refresh, kFirstRepublish, kRepublishEvery);
      publication.due = now + publication.refresh;
    } else {
      try_later(now, publication);
      if (event.newer) publication.due = now;
    }
  }
}

// --- what is asked -------------------------------------------------------------------------------

void Directory::look_up(Instant now, const DeviceId& who, const SecretKey& sealing, Instant until) {
  const auto found = look_ups_.find(who);
  if (found != look_ups_.end()) {
    found->second.until = std::max(found->second.until, until);
    return;
  }
  std::erase_if(look_ups_, [&](const auto& entry) { return entry.second.until <= now; });
  if (look_ups_.size() >= kMostLookUps) return;
  LookUp& look_up =
      look_ups_.emplace(who, LookUp{sealing.clone(), until, now, {}, {}}).first->second;
  get(now, who, look_up);
  drain(now);
}

void Directory::stop(const DeviceId& who) {
  const auto found = look_ups_.find(who);
  if (found == look_ups_.end()) return;
  if (found->second.getting && node_) node_->cancel(*found->second.getting);
  look_ups_.erase(found);
}

void Directory::get(Instant now, const DeviceId& who, LookUp& look_up) {
  look_up.pause = std::clamp<Duration>(2 * look_up.pause, kFirstPause, kLongestLookPause);
  look_up.due = now + look_up.pause;
  if (!node_) return;
  const RequestId request{++last_request_};
  if (node_->get(now, request, dht::MutableKey{who, {}})) look_up.getting = request;
}

void Directory::on_event(Instant, const dht::Found& event) {
  const auto* item = std::get_if<dht::MutableItem>(&event.item);
  if (item == nullptr) return;
  const auto found = look_ups_.find(item->key);
  if (found == look_ups_.end() || found->second.getting != event.request) return;
  const auto packet = dht::string_in(item->value);
  if (!packet) return;
  const auto presence = pkarr::read(item->key, *packet, &found->second.sealing);
  if (!presence) return;
  std::vector<Address> addresses = presence->addresses;
  addresses.insert(addresses.end(), presence->open_addresses.begin(),
                   presence->open_addresses.end());
  if (addresses.empty()) return;
  effects_.emplace_back(
      Sighting{item->key, AddressSource::dht, std::move(addresses), kSightingLife});
}

void Directory::on_event(Instant now, const dht::GetDone& event) {
  for (auto& [who, look_up] : look_ups_) {
    if (look_up.getting != event.request) continue;
    look_up.getting.reset();
    look_up.due = std::max(look_up.due, now + kFirstPause);
  }
}

// --- the node ------------------------------------------------------------------------------------

void Directory::on_event(Instant now, const dht::Bootstrapped&) {
  for (auto& [key, publication] : publications_) publication.due = std::min(publication.due, now);
  for (auto& [who, look_up] : look_ups_) look_up.due = std::min(look_up.due, now);
  save_at_ = std::min(save_at_, now + kSaveEvery);
  save();
}

// Its hosts may have other addresses by now.
void Directory::on_event(Instant now, const dht::Lonely&) {
  if (resolve_at_ == Instant::never()) resolve_at_ = now + kResolveAgain;
}

void Directory::save() {
  if (saving_) return;
  saving_ = naming_.store_op();
  effects_.emplace_back(StoreCommit{*saving_, {{std::string(kDhtStoreKey), node_->save()}}});
}

void Directory::drain(Instant now) {
  while (node_) {
    while (auto datagram = node_->poll_transmit()) {
      if (outgoing_.size() < kMostOutgoing) {
        outgoing_.push_back({*socket_, datagram->to, 0, std::move(datagram->bytes)});
      }
    }
    const auto event = node_->poll_event();
    if (!event) return;
    std::visit([&](const auto& each) { on_event(now, each); }, *event);
  }
}

void Directory::on_wakeup(Instant now, std::int64_t unix_ms) {
  if (resolve_at_ <= now) {
    leave();
    resolve_hosts(now);
  }
  if (!node_) return;
  if (node_->next_wakeup() <= now) node_->on_wakeup(now);
  drain(now);
  if (save_at_ <= now && node_) {
    save_at_ = now + kSaveEvery;
    save();
  }
  for (auto& [key, publication] : publications_) {
    if (publication.due > now || publication.putting || publication.numbering) continue;
    publication.due = now + kRepublishEvery;
    number(unix_ms, publication);
  }
  std::erase_if(look_ups_, [&](const auto& entry) { return entry.second.until <= now; });
  for (auto& [who, look_up] : look_ups_) {
    if (look_up.due <= now && !look_up.getting) get(now, who, look_up);
  }
  drain(now);
}

std::optional<Instant> Directory::next_wakeup() const {
  Instant next = resolve_at_;
  if (node_) {
    next = std::min({next, node_->next_wakeup(), save_at_});
    for (const auto& [key, publication] : publications_) {
      if (!publication.putting && !publication.numbering) next = std::min(next, publication.due);
    }
    for (const auto& [who, look_up] : look_ups_) {
      next = std::min(next, look_up.getting ? look_up.until : std::min(look_up.until, look_up.due));
    }
  }
  if (next == Instant::never()) return std::nullopt;
  return next;
}

std::optional<Effect> Directory::poll_effect() {
  if (effects_.empty()) return std::nullopt;
  Effect effect = std::move(effects_.front());
  effects_.pop_front();
  return effect;
}

std::optional<Transmit> Directory::poll_datagrams(SocketId socket, std::span<std::byte> out) {
  return take_for(outgoing_, socket, out);
}

std::optional<Address> Directory::external_ip() const {
  if (!node_ || !node_->external_address()) return std::nullopt;
  Address ip = *node_->external_address();
  ip.port = 0;
  return ip;
}

}  // namespace kith::discovery
