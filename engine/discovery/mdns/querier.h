#pragma once

// What is asked, and when (RFC 6762 sections 5.2 and 7.3).

#include <map>
#include <optional>
#include <set>
#include <vector>

#include "engine/base/random.h"
#include "engine/discovery/mdns/cache.h"

namespace kith::mdns {

// The question for all instances on one scope: at once with the wish for unicast answers, then
// after 1, 2, 4 ... seconds up to an hour, for ever. Another device that asks the same, without
// known answers that are not known here, asked for us too.
class Browse {
 public:
  Browse(Instant now, RandomSource random);

  Instant next() const { return next_; }
  // The question goes out now, on its own account or beside another.
  dns::Question ask(Instant now, const Names& names);
  // As if kAskAgain had been the last pause, where it is longer.
  void ask_again(Instant now);
  void on_query(Instant now, const Address& source, const dns::Message& query, const Names& names,
                const Cache& cache, const std::set<dns::Name>& own);

 private:
  // Somebody's question that took the place of ours: its known answers may not be complete yet.
  struct Suppression {
    Address source;
    Instant until;
  };

  Instant soon(Instant now);
  void step(Instant now);

  RandomSource random_;
  Instant next_;
  Instant last_{};
  Duration interval_;
  bool first_ = true;
  int suppressed_ = 0;  // in a row
  std::optional<Suppression> suppression_;
};

// Questions for what instances of one interface lack: SRV, TXT or any address. What would be asked
// within kLongestDelay is asked together.
class Resolve {
 public:
  explicit Resolve(RandomSource random) : random_(std::move(random)) {}

  // To be called for every instance that may have changed.
  void update(Instant now, const dns::Name& instance, const Cache& cache);
  std::vector<dns::Question> ask(Instant now, const Cache& cache);
  void on_query(Instant now, const dns::Message& query, const Cache& cache);
  Instant next() const;

 private:
  struct Attempt {
    int count = 0;
    Instant next;
  };

  static std::vector<dns::Question> lacking(const dns::Name& instance, const Cache& cache);
  static void advance(Instant now, Attempt& attempt);

  RandomSource random_;
  std::map<dns::Name, Attempt> attempts_;
};

}  // namespace kith::mdns
