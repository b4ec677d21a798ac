#include "engine/discovery/mdns/cache.h"

#include <algorithm>

#include "engine/base/check.h"
#include "engine/discovery/mdns/limits.h"

namespace kith::mdns {
namespace {

// Section 5.2: questions at 80, 85, 90 and 95 % of a record's life, each up to 2 % later.
constexpr std::uint64_t kPerTenThousand = 10000;
constexpr std::uint64_t kFirstRefresh = 8000;
constexpr std::uint64_t kRefreshStep = 500;
constexpr std::uint64_t kRefreshSpread = 200;
constexpr int kRefreshes = 4;

// Where nobody can be reached: unspecified, loopback, multicast.
bool is_unicast(const dns::Record& record) {
  if (const auto* a = std::get_if<dns::A>(&record.data)) {
    const auto first = std::to_integer<unsigned>(a->ip[0]);
    return first != 0 && first != 127 && first < 224;
  }
  if (const auto* aaaa = std::get_if<dns::Aaaa>(&record.data)) {
    const bool zeros = std::all_of(aaaa->ip.begin(), aaaa->ip.end() - 1,
                                   [](std::byte byte) { return byte == std::byte{0}; });
    const bool low = zeros && std::to_integer<unsigned>(aaaa->ip[15]) <= 1;
    return !low && aaaa->ip[0] != std::byte{0xFF};
  }
  return false;
}

// The order in which the chain is followed within one response.
int rank(const dns::Record& record) {
  switch (record.type()) {
    case dns::Type::ptr:
      return 0;
    case dns::Type::srv:
    case dns::Type::txt:
      return 1;
    default:
      return 2;
  }
}

const dns::Name& target_of(const dns::Record& ptr) { return std::get<dns::Ptr>(ptr.data).target; }

}  // namespace

void Cache::receive(Instant now, const dns::Message& response, const Address& source,
                    const std::set<dns::Name>& own) {
  std::vector<const dns::Record*> records;
  for (const auto* section : {&response.answers, &response.additionals}) {
    for (const dns::Record& record : *section) records.push_back(&record);
  }
  std::stable_sort(records.begin(), records.end(),
                   [](const auto* a, const auto* b) { return rank(*a) < rank(*b); });
  Address from = source;
  from.port = 0;
  for (const dns::Record* record : records) {
    if (leads_to(*record, own)) {
      insert(now, *record, from);
    } else {
      counters_.count(Drop::not_wanted);
    }
  }
  drop_orphans();
}

bool Cache::leads_to(const dns::Record& record, const std::set<dns::Name>& own) const {
  if (record.record_class != dns::kClassIn) return false;
  switch (record.type()) {
    case dns::Type::ptr:
      return record.name == names_.service && names_.is_instance(target_of(record)) &&
             !own.contains(target_of(record));
    case dns::Type::srv:
    case dns::Type::txt:
      return has_instance(record.name);
    case dns::Type::a:
    case dns::Type::aaaa:
      return is_host(record.name) && hosts_.contains(record.name) && is_unicast(record);
    default:
      return false;
  }
}

// A name has one kind of records, so that it goes with what led to it.
bool Cache::is_host(const dns::Name& name) const {
  return name != names_.service && !names_.is_instance(name);
}

void Cache::insert(Instant now, const dns::Record& record, const Address& source) {
  if (record.cache_flush && record.type() != dns::Type::ptr) flush(now, record);
  if (CacheEntry* known = same(record)) {
    if (record.ttl == 0) {
      end_soon(now, *known);
    } else {
      renew(now, *known, record);
    }
    return;
  }
  if (record.ttl == 0) return;
  if (!make_room(source)) return;
  if (!leads_to(record, {})) return;  // what it hangs on gave way
  CacheEntry entry;
  entry.source = source;
  entry.received = now;
  renew(now, entry, record);
  entries_[record.name].push_back(std::move(entry));
  ++size_;
  ++of_source_[source];
  if (const auto* srv = std::get_if<dns::Srv>(&record.data)) ++hosts_[srv->target];
  if (record.type() == dns::Type::ptr) instances_.insert(target_of(record));
  touch(record);
}

void Cache::renew(Instant now, CacheEntry& entry, const dns::Record& record) {
  entry.confirmed |= entry.received < now;
  entry.record = record;
  entry.record.ttl = std::min(record.ttl, kMaxTtl);
  entry.received = now;
  entry.lifetime = seconds(entry.record.ttl);
  entry.expires = now + entry.lifetime;
  entry.refreshes = 0;
  entry.ending = false;
  if (record.type() == dns::Type::ptr) {
    plan_refresh(entry);
    next_ = std::min(next_, entry.expires);
  }
}

void Cache::plan_refresh(CacheEntry& entry) {
  if (entry.refreshes == kRefreshes) {
    entry.refresh = Instant::never();
    return;
  }
  const std::uint64_t share = kFirstRefresh +
                              kRefreshStep * static_cast<std::uint64_t>(entry.refreshes) +
                              random_.below(kRefreshSpread);
  const auto step = entry.lifetime.count() / static_cast<std::int64_t>(kPerTenThousand);
  entry.refresh = entry.received + Duration(step * static_cast<std::int64_t>(share));
  next_refresh_ = std::min(next_refresh_, entry.refresh);
}

CacheEntry* Cache::same(const dns::Record& record) {
  const auto found = entries_.find(record.name);
  if (found == entries_.end()) return nullptr;
  for (CacheEntry& entry : found->second) {
    // The name is equal already, the class IN.
    if (entry.record.data == record.data) return &entry;
  }
  return nullptr;
}

// Section 10.2: all of the name and type that were not heard of within the last second.
void Cache::flush(Instant now, const dns::Record& record) {
  const auto found = entries_.find(record.name);
  if (found == entries_.end()) return;
  for (CacheEntry& entry : found->second) {
    if (entry.record.type() == record.type() && entry.received + kGrace < now &&
        !entry.record.same_as(record)) {
      end_soon(now, entry);
    }
  }
}

void Cache::end_soon(Instant now, CacheEntry& entry) {
  if (entry.ending) return;
  entry.ending = true;
  entry.refresh = Instant::never();
  entry.expires = now + kGrace;
  next_ = std::min(next_, entry.expires);
}

// Where a source's quota is used up, something of its own gives way. Where the interface's is,
// whoever uses most of it gives way to who uses less.
bool Cache::make_room(const Address& source) {
  const auto held = of_source_.find(source);
  const std::size_t count = held == of_source_.end() ? 0 : held->second;
  if (count >= kMaxRecordsPerSource) {
    counters_.count(Drop::source_quota);
    displace_one_of(source);
    return true;
  }
  if (size_ < kMaxRecordsPerInterface) return true;
  counters_.count(Drop::interface_quota);
  const auto most =
      std::max_element(of_source_.begin(), of_source_.end(),
                       [](const auto& a, const auto& b) { return a.second < b.second; });
  if (most->second <= count + 1) return false;
  displace_one_of(Address(most->first));
  return true;
}

// The one heard of least recently, and what hangs on it. Spared are, as far as they take no more
// than their part of the quota, those heard of more than once.
void Cache::displace_one_of(const Address& source) {
  std::vector<CacheEntry*> held;
  for (auto& [name, entries] : entries_) {
    for (CacheEntry& entry : entries) {
      if (entry.source == source) held.push_back(&entry);
    }
  }
  KITH_CHECK(!held.empty());
  // Of one message that which leads to the rest goes first, so that no instance is left in parts.
  std::stable_sort(held.begin(), held.end(), [](const auto* a, const auto* b) {
    return std::pair(a->received, rank(a->record)) > std::pair(b->received, rank(b->record));
  });
  CacheEntry* victim = held.back();
  std::size_t spared = 0;
  for (CacheEntry* entry : held) {
    if (!entry->confirmed || ++spared > kMaxConfirmedPerSource) victim = entry;
  }
  gave_way_ |= victim->record.type() == dns::Type::ptr;
  forget(*victim);
  const auto place = entries_.find(victim->record.name);
  Entries& entries = place->second;
  entries.erase(entries.begin() + (victim - entries.data()));
  if (entries.empty()) entries_.erase(place);
  drop_orphans();
}

// Takes the entry out of all books but its list.
void Cache::forget(const CacheEntry& entry) {
  touch(entry.record);
  --size_;
  if (entry.record.type() == dns::Type::ptr) {
    instances_.erase(target_of(entry.record));
    orphans_.push_back(target_of(entry.record));
  }
  const auto held = of_source_.find(entry.source);
  KITH_CHECK(held != of_source_.end());
  if (--held->second == 0) of_source_.erase(held);
  if (const auto* srv = std::get_if<dns::Srv>(&entry.record.data)) {
    const auto host = hosts_.find(srv->target);
    KITH_CHECK(host != hosts_.end());
    if (--host->second == 0) {
      hosts_.erase(host);
      orphans_.push_back(srv->target);
    }
  }
}

void Cache::drop(const dns::Name& name) {
  const auto found = entries_.find(name);
  if (found == entries_.end()) return;
  for (const CacheEntry& entry : found->second) forget(entry);
  entries_.erase(found);
}

void Cache::touch(const dns::Record& record) {
  if (record.type() == dns::Type::ptr) {
    changed_.insert(target_of(record));
  } else if (names_.is_instance(record.name)) {
    changed_.insert(record.name);
  } else {
    for (const CacheEntry* ptr : find(names_.service, dns::Type::ptr)) {
      for (const CacheEntry* srv : find(target_of(ptr->record), dns::Type::srv)) {
        if (std::get<dns::Srv>(srv->record.data).target == record.name) {
          changed_.insert(srv->record.name);
        }
      }
    }
  }
}

// Follows the chain for what has lost its beginning.
void Cache::drop_orphans() {
  while (!orphans_.empty()) {
    const dns::Name name = std::move(orphans_.back());
    orphans_.pop_back();
    const bool led_to = is_host(name) ? hosts_.contains(name) : has_instance(name);
    if (!led_to && name != names_.service) drop(name);
  }
}

void Cache::run(Instant now) {
  if (next_ > now) return;
  for (auto& [name, entries] : entries_) {
    std::erase_if(entries, [&](const CacheEntry& entry) {
      const bool chained = entry.record.type() != dns::Type::ptr && !entry.ending;
      if (chained || entry.expires > now) return false;
      forget(entry);
      return true;
    });
  }
  std::erase_if(entries_, [](const auto& place) { return place.second.empty(); });
  drop_orphans();
  reckon();
}

void Cache::asked(Instant now) {
  const auto service = entries_.find(names_.service);
  if (service == entries_.end()) return;
  for (CacheEntry& entry : service->second) {
    if (entry.refresh > now) continue;
    ++entry.refreshes;
    plan_refresh(entry);
    if (entry.refresh != Instant::never()) {
      entry.refresh = std::max(entry.refresh, now + kFirstQueryInterval);
    }
  }
  reckon();
}

void Cache::reconfirm(Instant now, const dns::Name& instance) {
  const auto service = entries_.find(names_.service);
  if (service == entries_.end()) return;
  for (CacheEntry& entry : service->second) {
    if (target_of(entry.record) != instance || entry.expires <= now + kReconfirmTime) continue;
    entry.received = now;
    entry.lifetime = kReconfirmTime;
    entry.expires = now + kReconfirmTime;
    entry.refreshes = -1;  // one question at once, the others as ever
    entry.refresh = now;
    next_ = std::min(next_, entry.expires);
    next_refresh_ = now;
  }
}

void Cache::reckon() {
  next_ = next_refresh_ = Instant::never();
  for (const auto& [name, entries] : entries_) {
    for (const CacheEntry& entry : entries) {
      if (entry.ending || entry.record.type() == dns::Type::ptr) {
        next_ = std::min(next_, entry.expires);
      }
      next_refresh_ = std::min(next_refresh_, entry.refresh);
    }
  }
}

std::vector<const CacheEntry*> Cache::find(const dns::Name& name, dns::Type type) const {
  std::vector<const CacheEntry*> found;
  const auto entries = entries_.find(name);
  if (entries == entries_.end()) return found;
  for (const CacheEntry& entry : entries->second) {
    if (entry.record.type() == type) found.push_back(&entry);
  }
  return found;
}

std::vector<dns::Record> Cache::known_answers(Instant now) const {
  std::vector<dns::Record> known;
  for (const CacheEntry* entry : find(names_.service, dns::Type::ptr)) {
    const Duration left = entry->expires - now;
    if (entry->ending || left * 2 <= seconds(entry->record.ttl)) continue;
    known.push_back(entry->record);
    known.back().cache_flush = false;
    known.back().ttl =
        static_cast<std::uint32_t>(std::chrono::duration_cast<seconds>(left).count());
  }
  return known;
}

}  // namespace kith::mdns
