#pragma once

// The own sets of one scope through their lives (life.h): probing and its conflicts, announcing,
// goodbyes (RFC 6762 sections 8, 9 and 10.1).
//
//   replace() --> waiting --probe x3--> announcing --x2--> established --> goodbye
//                    ^  tie lost: 1 s     |                    |
//                    +--- conflict: probe the name again ------+
//
// It does not own: which name is tried after a conflict (mdns.h), answers to queries (responder.h).

#include <functional>
#include <vector>

#include "engine/base/random.h"
#include "engine/discovery/mdns/contention.h"
#include "engine/discovery/mdns/own_records.h"
#include "engine/dns/split.h"

namespace kith::mdns {

class Claims {
 public:
  // `contention` is that of all scopes, and outlives this one.
  Claims(Contention& contention, RandomSource random)
      : contention_(contention), random_(std::move(random)) {}

  // What is wanted from now on: what stays is told if it changed, what is new is probed for, and
  // what is missing says goodbye.
  void replace(Instant now, std::vector<OwnSet> wanted);

  // A query with proposed records: section 8.2.
  void on_probe(Instant now, const dns::Message& query);

  // A response. `elsewhere` says whether a record is one of ours on another interface. Returns the
  // names that were lost before they were announced.
  std::vector<dns::Name> on_response(Instant now, const dns::Message& response,
                                     const std::function<bool(const dns::Record&)>& elsewhere);

  // Packets that are due.
  dns::Packets run(Instant now);
  Instant next() const;

  // Whose announced() answer queries.
  std::vector<OwnSet>& sets() { return sets_; }
  const std::vector<OwnSet>& sets() const { return sets_; }
  bool has(const dns::Record& record) const;

 private:
  bool advance(OwnSet& set, LifeTrigger trigger);
  void update(Instant now, OwnSet& set, OwnSet wanted);
  bool judge(Instant now, OwnSet& set, const dns::Record& record,
             const std::function<bool(const dns::Record&)>& elsewhere);
  void withdraw(OwnSet& set);
  void say_goodbye(const dns::Record& record);
  Instant start(Instant now);
  void append(dns::Packets& out, dns::Packets more);
  dns::Packets probe(Instant now);
  dns::Packets announce(Instant now);

  Contention& contention_;
  RandomSource random_;
  std::vector<OwnSet> sets_;
  std::vector<dns::Record> goodbyes_;
};

}  // namespace kith::mdns
