#include "engine/discovery/mdns/claims.h"

#include <algorithm>
#include <compare>
#include <iterator>
#include <utility>

#include "engine/base/check.h"
#include "engine/discovery/mdns/limits.h"
#include "engine/dns/write.h"

namespace kith::mdns {
namespace {

OwnRecord* find(OwnSet& set, const dns::Record& record) {
  const auto found = std::find_if(set.records.begin(), set.records.end(),
                                  [&](const OwnRecord& own) { return own.record.same_as(record); });
  return found == set.records.end() ? nullptr : &*found;
}

// Devices share the record that enumerates services; all others are about the set's own name.
bool is_about_itself(const OwnSet& set, const dns::Record& record) {
  return record.cache_flush || std::get<dns::Ptr>(record.data).target == set.name;
}

bool has_unique_type(const OwnSet& set, dns::Type type) {
  return std::any_of(set.records.begin(), set.records.end(), [type](const OwnRecord& own) {
    return own.record.cache_flush && own.record.type() == type;
  });
}

// What section 8.2 compares, in its order: class without the flush bit, type, data.
struct Claim {
  std::uint16_t record_class;
  std::uint16_t type;
  Bytes data;
  friend auto operator<=>(const Claim&, const Claim&) = default;
};

Claim claim_of(const dns::Record& record) {
  return {record.record_class, static_cast<std::uint16_t>(record.type()), dns::plain_data(record)};
}

std::vector<Claim> claims_of(const OwnSet& set) {
  std::vector<Claim> claims;
  for (const OwnRecord& own : set.records) {
    if (own.record.cache_flush) claims.push_back(claim_of(own.record));
  }
  std::sort(claims.begin(), claims.end());
  return claims;
}

std::vector<Claim> claims_of(const dns::Message& probe, const dns::Name& name) {
  std::vector<Claim> claims;
  for (const dns::Record& record : probe.authorities) {
    if (record.name == name) claims.push_back(claim_of(record));
  }
  std::sort(claims.begin(), claims.end());
  return claims;
}

}  // namespace

bool Claims::advance(OwnSet& set, LifeTrigger trigger) {
  const auto next = next_life(set.life, trigger);
  if (!next) return false;
  set.life = *next;
  set.steps = 0;
  if (!set.announced()) {
    for (OwnRecord& own : set.records) own.pending.reset();
    set.negative.pending.reset();
  }
  return true;
}

void Claims::replace(Instant now, std::vector<OwnSet> wanted) {
  for (OwnSet& set : sets_) {
    const bool stays = std::any_of(wanted.begin(), wanted.end(),
                                   [&](const OwnSet& each) { return each.name == set.name; });
    if (!stays) withdraw(set);
  }
  std::erase_if(sets_, [](const OwnSet& set) { return set.life == Life::gone; });
  const Instant at = start(now);
  for (OwnSet& each : wanted) {
    const auto old = std::find_if(sets_.begin(), sets_.end(),
                                  [&](const OwnSet& set) { return set.name == each.name; });
    if (old != sets_.end()) {
      update(now, *old, std::move(each));
    } else {
      each.at = at;
      sets_.push_back(std::move(each));
    }
  }
}

// One draw for all sets that begin together, so that they share their packets (section 8.1).
Instant Claims::start(Instant now) {
  const auto delay = random_.below(static_cast<std::uint64_t>(kProbeInterval.count()));
  return now + Duration(delay) + contention_.pause(now);
}

void Claims::update(Instant now, OwnSet& set, OwnSet wanted) {
  bool changed = set.records.size() != wanted.records.size();
  for (OwnRecord& own : wanted.records) {
    if (const OwnRecord* old = find(set, own.record)) {
      own.sent = old->sent;
      own.pending = old->pending;
    } else {
      changed = true;
    }
  }
  if (!changed) return;
  // Others of the type flush the old record; where none is left, only a goodbye does.
  for (const OwnRecord& old : set.records) {
    if (set.announced() && !has_unique_type(wanted, old.record.type()) && old.record.cache_flush) {
      say_goodbye(old.record);
    }
  }
  set.records = std::move(wanted.records);
  set.negative = std::move(wanted.negative);
  if (advance(set, LifeTrigger::changed)) set.at = now;
}

void Claims::withdraw(OwnSet& set) {
  advance(set, LifeTrigger::withdrawn);
  if (set.life != Life::leaving) return;
  for (const OwnRecord& own : set.records) {
    // A goodbye for a record that others give too would end it for all of them.
    if (is_about_itself(set, own.record)) say_goodbye(own.record);
  }
  advance(set, LifeTrigger::told);
}

void Claims::say_goodbye(const dns::Record& record) {
  goodbyes_.push_back(record);
  goodbyes_.back().ttl = 0;
}

void Claims::on_probe(Instant now, const dns::Message& query) {
  for (OwnSet& set : sets_) {
    if (set.life != Life::probing) continue;
    const auto theirs = claims_of(query, set.name);
    if (theirs.empty() || theirs <= claims_of(set)) continue;
    if (advance(set, LifeTrigger::yielded)) set.at = now + kTieBreakPause;
  }
}

std::vector<dns::Name> Claims::on_response(
    Instant now, const dns::Message& response,
    const std::function<bool(const dns::Record&)>& elsewhere) {
  std::vector<dns::Name> lost;
  for (const auto* section : {&response.answers, &response.additionals}) {
    for (const dns::Record& record : *section) {
      for (OwnSet& set : sets_) {
        if (judge(now, set, record, elsewhere)) lost.push_back(set.name);
      }
    }
  }
  std::erase_if(sets_, [](const OwnSet& set) { return set.life == Life::gone; });
  return lost;
}

// True if the set's name was lost.
bool Claims::judge(Instant now, OwnSet& set, const dns::Record& record,
                   const std::function<bool(const dns::Record&)>& elsewhere) {
  if (OwnRecord* own = find(set, record)) {
    // Section 6.6: somebody is about to end or shorten what still holds.
    if (set.announced() && is_about_itself(set, own->record) && record.ttl < own->record.ttl / 2) {
      const Instant soonest = own->sent ? *own->sent + kRecordInterval : now;
      own->pending = PendingAnswer{std::max(now, soonest), std::nullopt};
    }
    return false;
  }
  if (record.name != set.name || record.record_class != dns::kClassIn || record.ttl == 0 ||
      record.type() == dns::Type::nsec || elsewhere(record)) {
    return false;
  }
  const bool announced = set.announced();
  if (announced && !has_unique_type(set, record.type())) return false;
  if (!advance(set, LifeTrigger::conflict)) return false;
  contention_.note_conflict(now);
  set.at = start(now);
  return !announced;
}

dns::Packets Claims::run(Instant now) {
  dns::Packets out;
  append(out, dns::split_response(std::exchange(goodbyes_, {}), {}, kMaxPacketBytes));
  append(out, probe(now));
  append(out, announce(now));
  return out;
}

void Claims::append(dns::Packets& out, dns::Packets more) {
  std::move(more.packets.begin(), more.packets.end(), std::back_inserter(out.packets));
  // Presence is bounded so that a set fits a packet.
  KITH_CHECK(more.left_out == 0);
}

dns::Packets Claims::probe(Instant now) {
  std::vector<dns::ProbeGroup> groups;
  for (OwnSet& set : sets_) {
    if (set.at > now) continue;
    if (set.life == Life::waiting) advance(set, LifeTrigger::due);
    if (set.life != Life::probing) continue;
    if (set.steps == kProbes) {
      advance(set, LifeTrigger::unopposed);
      continue;
    }
    dns::ProbeGroup group{{set.name, dns::Type::any, dns::kClassIn, true}, {}};
    for (const OwnRecord& own : set.records) {
      if (!own.record.cache_flush) continue;
      group.proposed.push_back(own.record);
      // It is a proposal, not an answer that others cache.
      group.proposed.back().cache_flush = false;
    }
    groups.push_back(std::move(group));
    ++set.steps;
    set.at = now + kProbeInterval;
  }
  return dns::split_probe(groups, kMaxPacketBytes);
}

dns::Packets Claims::announce(Instant now) {
  std::vector<dns::Record> answers;
  for (OwnSet& set : sets_) {
    if (set.life != Life::announcing || set.at > now) continue;
    for (OwnRecord& own : set.records) {
      if (!own.may_be_sent(now, kRecordInterval)) continue;
      const bool written = std::any_of(answers.begin(), answers.end(), [&](const auto& answer) {
        return answer.same_as(own.record);
      });
      if (!written) answers.push_back(own.record);
      own.sent = now;
      own.pending.reset();
    }
    ++set.steps;
    set.at = now + kAnnounceInterval;
    if (set.steps == kAnnouncements) advance(set, LifeTrigger::settled);
  }
  return dns::split_response(answers, {}, kMaxPacketBytes);
}

Instant Claims::next() const {
  Instant next = Instant::never();
  if (!goodbyes_.empty()) return Instant{};
  for (const OwnSet& set : sets_) {
    if (set.life == Life::established) continue;
    next = std::min(next, set.at);
  }
  return next;
}

bool Claims::has(const dns::Record& record) const {
  return std::any_of(sets_.begin(), sets_.end(), [&](const OwnSet& set) {
    return std::any_of(set.records.begin(), set.records.end(),
                       [&](const OwnRecord& own) { return own.record.same_as(record); });
  });
}

}  // namespace kith::mdns
