#pragma once

// The flows of a NAT: found by owner and remote, and kept in the order in which they were last
// refreshed, apart for each of the two timeouts, so that the first of a list is the first to end.

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "kith/time.h"
#include "sim/nat/endpoint.h"
#include "sim/nat/flat_index.h"

namespace kith::sim {

struct Flow {
  Endpoint remote;  // as far as the filter looks at it
  Instant refreshed;
  Instant sent;  // from inside, last
  std::uint32_t owner = 0;
  std::uint32_t older = kNowhere, newer = kNowhere;   // in its list
  std::uint32_t before = kNowhere, after = kNowhere;  // among the flows of its mapping
  bool replied = false;
  bool listed_as_replied = false;
};

class FlowTable {
 public:
  Flow& operator[](std::uint32_t at) { return flows_[at]; }
  const Flow& operator[](std::uint32_t at) const { return flows_[at]; }
  std::size_t size() const { return index_.size(); }

  std::uint32_t find(std::uint32_t owner, const Endpoint& remote) const {
    return index_.find(hash(owner, remote), [&](std::uint32_t at) {
      return flows_[at].owner == owner && flows_[at].remote == remote;
    });
  }

  std::uint32_t insert(Instant now, std::uint32_t owner, const Endpoint& remote) {
    std::uint32_t at = static_cast<std::uint32_t>(flows_.size());
    if (free_.empty()) {
      flows_.emplace_back();
    } else {
      at = free_.back();
      free_.pop_back();
      flows_[at] = {};
    }
    flows_[at].remote = remote;
    flows_[at].owner = owner;
    flows_[at].refreshed = now;
    append(at, false);
    index_.insert(hash(owner, remote), at);
    return at;
  }

  void erase(std::uint32_t at) {
    unlink(at);
    index_.erase(hash(flows_[at].owner, flows_[at].remote), at);
    free_.push_back(at);
  }

  void refresh(Instant now, std::uint32_t at) {
    Flow& flow = flows_[at];
    flow.refreshed = now;
    if (flow.newer == kNowhere && flow.listed_as_replied == flow.replied) return;
    unlink(at);
    append(at, flow.replied);
  }

  // kNowhere if there is none.
  std::uint32_t oldest(bool replied) const { return lists_[replied].oldest; }
  std::uint32_t oldest() const {
    const std::uint32_t unreplied = oldest(false), replied = oldest(true);
    if (unreplied == kNowhere) return replied;
    if (replied == kNowhere) return unreplied;
    return flows_[replied].refreshed < flows_[unreplied].refreshed ? replied : unreplied;
  }

 private:
  struct List {
    std::uint32_t oldest = kNowhere, newest = kNowhere;
  };

  static std::uint64_t hash(std::uint32_t owner, const Endpoint& remote) {
    return hash_of(remote, owner);
  }

  void append(std::uint32_t at, bool replied) {
    Flow& flow = flows_[at];
    List& list = lists_[replied];
    flow.listed_as_replied = replied;
    flow.older = list.newest;
    flow.newer = kNowhere;
    (list.newest == kNowhere ? list.oldest : flows_[list.newest].newer) = at;
    list.newest = at;
  }

  void unlink(std::uint32_t at) {
    const Flow& flow = flows_[at];
    List& list = lists_[flow.listed_as_replied];
    (flow.older == kNowhere ? list.oldest : flows_[flow.older].newer) = flow.newer;
    (flow.newer == kNowhere ? list.newest : flows_[flow.newer].older) = flow.older;
  }

  std::vector<Flow> flows_;
  std::vector<std::uint32_t> free_;
  FlatIndex index_;
  std::array<List, 2> lists_;  // unreplied, replied
};

}  // namespace kith::sim
