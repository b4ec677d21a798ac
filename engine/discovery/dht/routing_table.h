#pragma once

// The nodes this one knows (BEP 5): buckets of 8 by the length of the prefix their ids share with
// ours, only the last of which, the one around our own id, is split.
//
//   answered --> room in its bucket, or a bad or non-conforming node (BEP 42) gives way --> in
//            \-> the replacement cache of the bucket, until one there turns bad
//
// One node per address and kNodesPerPrefix per network, so that who owns many ids but few networks
// owns little of the table.
//
// It does not own: the queries that test nodes; it says which to send.

#include <cstddef>
#include <optional>
#include <vector>

#include "engine/discovery/dht/node_id.h"
#include "engine/discovery/dht/node_state.h"
#include "engine/discovery/dht/quota.h"
#include "kith/time.h"

namespace kith::dht {

inline constexpr std::size_t kBucketNodes = 8;                  // BEP 5: K
inline constexpr std::size_t kReplacements = 8;                 // as many as could turn bad at once
inline constexpr Duration kGoodFor = std::chrono::minutes(15);  // BEP 5

struct Node {
  Contact contact;
  NodeState state = NodeState::good;
  Instant heard;   // of it: an answer or, after one, a query
  Instant tested;  // when the last query to it had no answer in time
  bool conforming = false;

  // It left the last query unanswered.
  bool doubtful() const { return tested > heard; }
};

class RoutingTable {
 public:
  enum class Added : std::uint8_t { added, known, cached, refused };

  RoutingTable(const NodeId& own, Scope scope);

  // The node answered a query of ours.
  Added on_answered(Instant now, const Contact& contact);
  // The node sent a query; a stranger stays one.
  void on_asked(Instant now, const Contact& contact);
  // It has not answered so far. False where it is not in the table.
  bool on_slow(Instant now, const Address& address);
  void on_silent(Instant now, const Address& address);
  // Another id answered from the address: the one known there is gone.
  void on_id_changed(const Address& address);
  void age(Instant now);

  // An answer of this stranger would bring it into the table.
  bool wants(const Contact& contact) const;
  bool contains(const Contact& contact) const;

  // The nearest that are not bad; non-conforming ones, and such that did not answer the last query,
  // only where the others are not enough. No more of one network than a lookup heeds.
  std::vector<Contact> closest(const NodeId& target, std::size_t count) const;
  // The node to test next: of those that keep somebody waiting, or of all, the one heard of longest
  // ago. Empty where all were heard of after `since`.
  std::optional<Contact> stalest(Instant since) const;
  // The nodes worth remembering, best first.
  std::vector<Contact> best(std::size_t count) const;

  // Those that do not answer, the last heard of first.
  std::vector<Contact> bad(std::size_t count) const;

  // The whole table again around another id.
  void rehome(const NodeId& own);

  const NodeId& own() const { return own_; }
  std::size_t size() const;
  // Those that are not bad and did not leave the last query unanswered.
  std::size_t usable() const;
  std::size_t buckets() const { return buckets_.size(); }
  void check_invariants() const;

 private:
  struct Bucket {
    std::vector<Node> nodes;
    std::vector<Node> replacements;
  };

  std::size_t index_of(const NodeId& id) const;
  Node* find(const Address& address);
  std::vector<Contact> sorted(std::size_t count, bool bad) const;
  bool quota_allows(const Contact& contact) const;
  Added insert(const Node& node);
  void cache(Bucket& bucket, const Node& node);
  void split_last();
  void promote(Bucket& bucket);
  void remove(const Address& address);

  NodeId own_;
  Scope scope_;
  std::vector<Bucket> buckets_;
};

}  // namespace kith::dht
