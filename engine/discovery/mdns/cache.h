#pragma once

// What the neighbours on one interface said about instances of this service (RFC 6762 section 10).
//
//   PTR _kith._udp.local --> instance --> SRV, TXT --> host --> A, AAAA
//
// Only what a PTR record leads to is kept, along this chain, so nobody fills the cache with other
// things. A PTR lives by its TTL and is asked for again before its end. SRV, TXT and addresses stay
// past theirs, as the last that is known, until they are replaced, withdrawn, or the PTR ends:
// asking for them every two minutes on behalf of nobody would make every LAN a noisy one.
//
// Addresses are forged easily, so a full share is not closed to who has it: what comes last is
// taken, and what was heard of least recently gives way. Half of a share is for what was heard of
// more than once: a flood of new names displaces new names alone, and names that are repeated leave
// new ones the other half.

#include <map>
#include <set>
#include <vector>

#include "engine/base/random.h"
#include "engine/discovery/mdns/drops.h"
#include "engine/discovery/mdns/names.h"
#include "engine/dns/message.h"
#include "kith/address.h"
#include "kith/time.h"

namespace kith::mdns {

struct CacheEntry {
  dns::Record record;
  Address source;  // who gave it first, port 0: whose quota it takes
  Instant received;
  Duration lifetime{};
  Instant expires;
  Instant refresh = Instant::never();  // PTR: the next question before it ends
  int refreshes = 0;
  bool confirmed = false;  // heard of more than once
  bool ending = false;     // withdrawn or replaced: goes when it expires
};

class Cache {
 public:
  // `names` and `counters` outlive the cache.
  Cache(const Names& names, Counters& counters, RandomSource random)
      : names_(names), counters_(counters), random_(std::move(random)) {}

  // `own`: instances of this device, which are not taken.
  void receive(Instant now, const dns::Message& response, const Address& source,
               const std::set<dns::Name>& own);
  void run(Instant now);
  Instant next() const { return next_; }

  // Whether the time has come to ask for PTR records again; asked() then waits for the next.
  Instant next_refresh() const { return next_refresh_; }
  void asked(Instant now);

  // Section 10.4: who uses the instance could not reach it. It ends soon unless it is heard of.
  void reconfirm(Instant now, const dns::Name& instance);

  // Instances that may have changed, come or gone since the last call.
  std::set<dns::Name> take_changed() { return std::exchange(changed_, {}); }
  // Whether instances gave way to others since the last call, though they may still be there.
  bool take_gave_way() { return std::exchange(gave_way_, false); }

  std::vector<const CacheEntry*> find(const dns::Name& name, dns::Type type) const;
  bool has_instance(const dns::Name& instance) const { return instances_.contains(instance); }
  // PTR records with more than half of their life left (section 7.1), with what is left.
  std::vector<dns::Record> known_answers(Instant now) const;
  std::size_t size() const { return size_; }

 private:
  using Entries = std::vector<CacheEntry>;

  bool leads_to(const dns::Record& record, const std::set<dns::Name>& own) const;
  bool is_host(const dns::Name& name) const;
  void insert(Instant now, const dns::Record& record, const Address& source);
  CacheEntry* same(const dns::Record& record);
  void renew(Instant now, CacheEntry& entry, const dns::Record& record);
  void flush(Instant now, const dns::Record& record);
  void end_soon(Instant now, CacheEntry& entry);
  bool make_room(const Address& source);
  void displace_one_of(const Address& source);
  void drop(const dns::Name& name);
  void drop_orphans();
  void touch(const dns::Record& record);
  void forget(const CacheEntry& entry);
  void plan_refresh(CacheEntry& entry);
  void reckon();

  const Names& names_;
  Counters& counters_;
  RandomSource random_;
  std::map<dns::Name, Entries> entries_;
  std::set<dns::Name> instances_;           // that a PTR record names
  std::map<dns::Name, std::size_t> hosts_;  // SRV records that name them
  std::map<Address, std::size_t> of_source_;
  std::size_t size_ = 0;
  std::set<dns::Name> changed_;
  std::vector<dns::Name> orphans_;  // what records of these names hung on went
  bool gave_way_ = false;
  // No later than what they say: renewing an entry leaves them as they are.
  Instant next_ = Instant::never();
  Instant next_refresh_ = Instant::never();
};

}  // namespace kith::mdns
