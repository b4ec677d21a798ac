#include "engine/discovery/mdns/link.h"

#include <algorithm>

#include "engine/base/check.h"
#include "engine/discovery/mdns/limits.h"

namespace kith::mdns {
namespace {

using Family = Address::Family;
constexpr std::array<Family, 2> kFamilies{Family::ipv4, Family::ipv6};

}  // namespace

Address group(Family family, std::uint32_t interface) {
  if (family == Family::ipv4) return Address::v4(224, 0, 0, 251, kPort);
  Address address;
  address.family = Family::ipv6;
  address.ip[0] = std::byte{0xFF};
  address.ip[1] = std::byte{0x02};
  address.ip[15] = std::byte{0xFB};
  address.port = kPort;
  address.scope = interface;
  return address;
}

Link::Scope::Scope(Instant now, const Names& names, Contention& contention, Counters& counters,
                   const RandomSource& random)
    : claims(contention, random.fork("claims")),
      responder(names, claims, counters, random.fork("responder")),
      browse(now, random.fork("browse")) {}

Link::Link(const Names& names, Contention& contention, Counters& counters, RandomSource random,
           std::uint32_t index)
    : names_(names),
      contention_(contention),
      counters_(counters),
      random_(std::move(random)),
      cache_(names, counters, random_.fork("cache")),
      resolve_(random_.fork("resolve")),
      view_(index) {
  interface_.index = index;
}

const std::optional<Link::Scope>& Link::scope(Family family) const {
  return scopes_[static_cast<std::size_t>(family)];
}

void Link::replace(Instant now, const Interface& interface, const Presence& presence) {
  interface_ = interface;
  for (const Family family : kFamilies) {
    auto& scope = scopes_[static_cast<std::size_t>(family)];
    const bool there = !(family == Family::ipv4 ? interface.ipv4 : interface.ipv6).empty();
    if (!there) {
      scope.reset();
      continue;
    }
    if (!scope) {
      scope.emplace(now, names_, contention_, counters_, random_.fork("scope", scopes_made_++));
    }
    scope->claims.replace(now, own_sets(names_, presence, interface));
  }
}

void Link::on_query(Instant now, const Address& source, const dns::Message& query,
                    const std::set<dns::Name>& own) {
  auto& scope = scopes_[static_cast<std::size_t>(source.family)];
  KITH_CHECK(scope.has_value());
  scope->responder.on_query(now, source, query);
  if (source.port != kPort) return;
  scope->claims.on_probe(now, query);
  scope->browse.on_query(now, source, query, names_, cache_, own);
  resolve_.on_query(now, query, cache_);
}

std::vector<dns::Name> Link::on_response(Instant now, const Address& source,
                                         const dns::Message& response,
                                         const std::set<dns::Name>& own, const IsOwn& is_own) {
  auto& scope = scopes_[static_cast<std::size_t>(source.family)];
  KITH_CHECK(scope.has_value());
  scope->responder.on_response(response);
  auto lost = scope->claims.on_response(now, response, is_own);
  cache_.receive(now, response, source, own);
  watch_changes(now);
  if (cache_.take_gave_way()) {
    for (auto& each : scopes_) {
      if (each) each->browse.ask_again(now);
    }
  }
  return lost;
}

void Link::reconfirm(Instant now, const dns::Name& instance) { cache_.reconfirm(now, instance); }

void Link::watch_changes(Instant now) {
  for (const dns::Name& instance : cache_.take_changed()) {
    resolve_.update(now, instance, cache_);
    view_.touch(instance);
  }
}

void Link::run(Instant now, const Send& send) {
  cache_.run(now);
  watch_changes(now);
  ask(now, send);
  for (const Family family : kFamilies) {
    auto& scope = scopes_[static_cast<std::size_t>(family)];
    if (!scope) continue;
    send_all(family, scope->claims.run(now), send);
    auto answers = scope->responder.run(now);
    send_all(family, std::move(answers.multicast), send);
    for (auto& [to, bytes] : answers.unicast) {
      send({interface_.index, family, to, std::move(bytes)});
    }
  }
}

void Link::ask(Instant now, const Send& send) {
  const bool refresh = cache_.next_refresh() <= now;
  const std::vector<dns::Question> lacking = resolve_.ask(now, cache_);
  for (const Family family : kFamilies) {
    auto& scope = scopes_[static_cast<std::size_t>(family)];
    if (!scope) continue;
    const bool browse = refresh || scope->browse.next() <= now;
    std::vector<dns::Record> known;
    std::vector<dns::Question> questions;
    if (browse) {
      known = cache_.known_answers(now);
      questions.push_back(scope->browse.ask(now, names_));
    }
    questions.insert(questions.end(), lacking.begin(), lacking.end());
    send_all(family, dns::split_query(questions, known, kMaxPacketBytes), send);
  }
  if (refresh) cache_.asked(now);
}

void Link::send_all(Family family, dns::Packets packets, const Send& send) const {
  for (Bytes& packet : packets.packets) {
    send({interface_.index, family, group(family, interface_.index), std::move(packet)});
  }
}

Instant Link::next() const {
  Instant next = std::min({cache_.next(), cache_.next_refresh(), resolve_.next()});
  for (const auto& scope : scopes_) {
    if (!scope) continue;
    next = std::min({next, scope->claims.next(), scope->responder.next(), scope->browse.next()});
  }
  return next;
}

bool Link::has(const dns::Record& record) const {
  return std::any_of(scopes_.begin(), scopes_.end(),
                     [&](const auto& scope) { return scope && scope->claims.has(record); });
}

bool Link::is_on_link(const Address& source) const {
  const auto& subnets = source.family == Family::ipv4 ? interface_.ipv4 : interface_.ipv6;
  const bool link_local = source.family == Family::ipv6 && source.ip[0] == std::byte{0xFE} &&
                          (source.ip[1] & std::byte{0xC0}) == std::byte{0x80};
  return link_local || std::any_of(subnets.begin(), subnets.end(),
                                   [&](const Subnet& subnet) { return subnet.contains(source); });
}

}  // namespace kith::mdns
