#include "sim/adversaries/sybil.h"

#include <algorithm>
#include <set>

namespace kith::sim {
namespace {

// 200 visits each second: in a town of 60 hosts everybody has been asked by everybody in a minute,
// and no host is asked more often than it answers.
constexpr Duration kVisitEvery = std::chrono::milliseconds(5);
// From then on they keep themselves known.
constexpr Duration kVisitAgainEvery = std::chrono::milliseconds(50);
constexpr std::size_t kMostOthers = 4096;
constexpr std::size_t kContactsGiven = 8;  // BEP 5: K
// The seeds of BEP 42 that make a difference.
constexpr std::uint8_t kSeeds = 8;
constexpr std::size_t kTokenBytes = 4;

}  // namespace

std::string_view to_string(SybilManner manner) {
  switch (manner) {
    case SybilManner::silent:
      return "silent";
    case SybilManner::deny:
      return "deny";
    case SybilManner::drop:
      return "drop";
    case SybilManner::replay:
      return "replay";
    case SybilManner::forge:
      return "forge";
  }
  return "unknown";
}

Sybils::Sybils(World& world, const SybilSpec& spec)
    : world_(world),
      spec_(spec),
      random_(world.random("sybils").fork(spec.target.to_hex())),
      node_(world.network().add_node(*this)),
      member_(world.network().join(node_, kInternet, spec.link)) {
  KITH_CHECK(!spec_.manners.empty());
  KITH_CHECK(spec_.choices > 0);
  choose_places();
  for (const Address& entrance : spec_.entrances) meet({dht::NodeId::random(random_), entrance});
  world_.timeline().schedule(world_.now(), *this);
}

// --- where they stand ----------------------------------------------------------------------------

void Sybils::choose_places() {
  std::set<dht::Prefix> taken;
  while (contacts_.size() < spec_.count) {
    const dht::Contact place = best_place();
    const bool used = world_.network().member_with(kInternet, place.address).has_value();
    if (used || !taken.insert(dht::prefix_of(place.address)).second) continue;
    world_.network().give_address(member_, place.address);
    contacts_.push_back(place);
  }
  std::sort(contacts_.begin(), contacts_.end(),
            [](const auto& a, const auto& b) { return a.address < b.address; });
}

// The first 21 bits and the last byte of an id follow from the address; all between is free.
dht::Contact Sybils::best_place() {
  std::optional<dht::Contact> best;
  for (std::size_t i = 0; i < spec_.choices; ++i) {
    Address address;
    const auto ip = random_.bytes<4>();
    std::copy(ip.begin(), ip.end(), address.ip.begin());
    address.port = spec_.port;
    if (!dht::is_global(address)) continue;
    for (std::uint8_t seed = 0; seed < kSeeds; ++seed) {
      dht::NodeId id = dht::id_for(address, seed, random_);
      std::copy(spec_.target.bytes.begin() + 3, spec_.target.bytes.end() - 2, id.bytes.begin() + 3);
      id.bytes[2] = (id.bytes[2] & std::byte{0xf8}) | (spec_.target.bytes[2] & std::byte{0x07});
      const bool nearer =
          !best || dht::distance(id, spec_.target) < dht::distance(best->id, spec_.target);
      if (nearer) best = dht::Contact{id, address};
    }
  }
  return best ? *best : best_place();
}

std::optional<std::size_t> Sybils::sybil_at(const Address& address) const {
  const auto found = std::lower_bound(
      contacts_.begin(), contacts_.end(), address,
      [](const dht::Contact& each, const Address& wanted) { return each.address < wanted; });
  if (found == contacts_.end() || found->address != address) return std::nullopt;
  return static_cast<std::size_t>(found - contacts_.begin());
}

// --- being known ---------------------------------------------------------------------------------

void Sybils::meet(const dht::Contact& other) {
  if (others_.size() >= kMostOthers || is_own(other.address)) return;
  const auto same = std::find_if(others_.begin(), others_.end(), [&](const dht::Contact& each) {
    return each.address == other.address;
  });
  if (same == others_.end()) {
    others_.push_back(other);
  } else {
    same->id = other.id;
  }
}

// One of them asks one host for somebody's neighbours: by that the host learns of the one who
// asks, and the party of more hosts.
void Sybils::on_event(Instant now, std::uint64_t) {
  if (gone()) return;
  const bool known = visits_ >= contacts_.size() * others_.size();
  world_.timeline().schedule(now + (known ? kVisitAgainEvery : kVisitEvery), *this);
  if (others_.empty()) return;
  const std::uint64_t visit = visits_++;
  const dht::Contact& other = others_[visit % others_.size()];
  const std::size_t sybil = (visit / others_.size()) % contacts_.size();
  const dht::NodeId wanted = visit % 2 == 0 ? spec_.target : dht::NodeId::random(random_);
  const dht::Query query{contacts_[sybil].id, false, dht::FindNode{wanted, {}}};
  ++counts_.introduced;
  send(sybil, other.address, {to_bytes(random_.bytes<2>()), {}, {}, query});
}

void Sybils::on_response(const dht::Response& response) {
  for (const dht::Contact& contact : response.nodes) meet(contact);
}

// --- answers -------------------------------------------------------------------------------------

void Sybils::on_datagrams(Instant, const Arrival& arrival) {
  const auto sybil = sybil_at(arrival.local);
  if (!sybil || gone()) return;
  for (std::size_t at = 0; at < arrival.bytes.size(); at += arrival.stride) {
    const std::size_t size = std::min(arrival.stride, arrival.bytes.size() - at);
    const auto message = dht::decode(arrival.bytes.subspan(at, size));
    if (!message) continue;
    if (std::holds_alternative<dht::Query>(message->body)) {
      on_query(*sybil, arrival.remote, *message);
    } else if (const auto* response = std::get_if<dht::Response>(&message->body)) {
      on_response(*response);
    }
  }
}

void Sybils::on_query(std::size_t sybil, const Address& source, const dht::Message& message) {
  ++counts_.asked;
  auto reply = answer(sybil, source, message);
  if (!reply) return;
  reply->transaction = message.transaction;
  reply->external = spec_.claimed ? *spec_.claimed : source;
  send(sybil, source, *reply);
}

std::optional<dht::Message> Sybils::answer(std::size_t sybil, const Address& source,
                                           const dht::Message& message) {
  const auto& query = std::get<dht::Query>(message.body);
  if (!query.read_only) meet({query.id, source});
  const SybilManner manner = this->manner(sybil);
  if (const auto* get = std::get_if<dht::Get>(&query.request)) {
    dht::Response response = nearest(sybil, get->target);
    response.token = to_bytes(random_.bytes<kTokenBytes>());
    if (get->target != spec_.target) return dht::Message{{}, {}, {}, response};
    ++counts_.gets;
    if (manner == SybilManner::silent) return std::nullopt;
    add_item(manner, response);
    return dht::Message{{}, {}, {}, response};
  }
  if (const auto* put = std::get_if<dht::PutMutable>(&query.request)) {
    if (dht::mutable_target(put->item.key, put->item.salt) == spec_.target) {
      ++counts_.puts;
      if (!first_item_) first_item_ = put->item;
      publisher_ = source;
    }
    if (manner == SybilManner::silent) return std::nullopt;
    if (manner == SybilManner::deny) {
      const auto error = dht::ErrorNumber::seq_too_old;
      return dht::Message{
          {},
          {},
          {},
          dht::ErrorReply{static_cast<std::int64_t>(error), std::string(dht::text_of(error))}};
    }
    return dht::Message{{}, {}, {}, nearest(sybil, spec_.target)};
  }
  if (const auto* find = std::get_if<dht::FindNode>(&query.request)) {
    return dht::Message{{}, {}, {}, nearest(sybil, find->target)};
  }
  dht::Response pong;
  pong.id = contacts_[sybil].id;
  return dht::Message{{}, {}, {}, pong};
}

dht::Response Sybils::nearest(std::size_t sybil, const dht::NodeId& target) const {
  std::vector<dht::Contact> known = contacts_;
  known.insert(known.end(), others_.begin(), others_.end());
  const std::size_t given = std::min(kContactsGiven, known.size());
  std::partial_sort(known.begin(), known.begin() + static_cast<std::ptrdiff_t>(given), known.end(),
                    [&](const dht::Contact& a, const dht::Contact& b) {
                      return dht::distance(a.id, target) < dht::distance(b.id, target);
                    });
  known.resize(given);
  dht::Response response;
  response.id = contacts_[sybil].id;
  response.nodes = std::move(known);
  return response;
}

void Sybils::add_item(SybilManner manner, dht::Response& response) {
  if (!first_item_) return;
  const bool replays = manner == SybilManner::replay;
  if (!replays && manner != SybilManner::forge) return;
  response.key = first_item_->key;
  response.value = first_item_->value;
  response.seq = first_item_->seq;
  response.signature = first_item_->signature;
  ++(replays ? counts_.replayed : counts_.forged);
  if (replays) return;
  *response.seq += 1'000'000'000;
  // Half of them sign properly, with a key that is not the one they name.
  if (random_.chance(1, 2)) {
    const KeyPair own = KeyPair::random(random_);
    response.signature = dht::sign_item(own, {}, *response.seq, *response.value).signature;
  } else {
    response.signature = random_.bytes<64>();
  }
}

void Sybils::send(std::size_t sybil, const Address& to, const dht::Message& message) {
  world_.network().send(node_, contacts_[sybil].address, to, Ecn::not_ect, dht::encode(message));
}

}  // namespace kith::sim
