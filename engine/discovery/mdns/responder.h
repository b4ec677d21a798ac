#pragma once

// Answers to queries on one scope (RFC 6762 sections 6 and 7): when, to whom, with what beside
// them, and not at all where the asker or another answer has them already.
//
//   query --> known answers taken out (7.1) --> QU and lately multicast? --> unicast, after its
//   delay
//                                          \--> multicast, after its delay, at most once a second
//   more known answers (7.2), another's equal answer (7.4) --> taken out while they wait
//
// A query from another port than 5353 gets what a plain resolver understands, at once (6.7).
// It does not own: the records and whether they are announced (claims.h).

#include <utility>
#include <vector>

#include "engine/base/random.h"
#include "engine/discovery/mdns/claims.h"
#include "engine/discovery/mdns/drops.h"

namespace kith::mdns {

class Responder {
 public:
  struct Answers {
    dns::Packets multicast;
    std::vector<std::pair<Address, Bytes>> unicast;
  };

  // All outlive the responder.
  Responder(const Names& names, Claims& claims, Counters& counters, RandomSource random)
      : names_(names), claims_(claims), counters_(counters), random_(std::move(random)) {}

  void on_query(Instant now, const Address& source, const dns::Message& query);
  void on_response(const dns::Message& response);

  Answers run(Instant now);
  Instant next() const;

 private:
  struct UnicastAnswer {
    Address to;
    Instant due;
    std::vector<dns::Record> answers;
  };

  std::vector<OwnRecord*> matches(const dns::Question& question);
  Instant delay(Instant now, const dns::Message& query, bool shared);
  void take_out(const Address& source, const dns::Message& query);
  void answer(Instant now, const Address& source, const dns::Message& query);
  void answer_legacy(const Address& source, const dns::Message& query);
  void schedule(OwnRecord& own, Instant due, const Address& asker, Duration interval);
  bool push(UnicastAnswer answer);
  std::vector<dns::Record> additionals(const std::vector<dns::Record>& answers,
                                       std::optional<Instant> multicast_at);
  dns::Packets run_multicast(Instant now);
  void mark_sent(Instant now, const dns::Record& record);

  template <class Visit>
  void each_announced(Visit visit);

  const Names& names_;
  Claims& claims_;
  Counters& counters_;
  RandomSource random_;
  std::vector<UnicastAnswer> unicast_;
  std::vector<std::pair<Address, Bytes>> legacy_;
};

}  // namespace kith::mdns
