#include "engine/discovery/dht/routing_table.h"

#include <algorithm>
#include <map>
#include <set>

#include "engine/base/check.h"

namespace kith::dht {
namespace {

// The one that gives way to a newcomer: a bad one, or for a conforming newcomer one that is not.
std::vector<Node>::iterator who_gives_way(std::vector<Node>& nodes, bool conforming) {
  const auto bad = std::find_if(nodes.begin(), nodes.end(),
                                [](const Node& node) { return node.state == NodeState::bad; });
  if (bad != nodes.end() || !conforming) return bad;
  return std::find_if(nodes.begin(), nodes.end(),
                      [](const Node& node) { return !node.conforming; });
}

void move_along(Node& node, NodeTrigger trigger) {
  if (const auto next = next_state(node.state, trigger)) node.state = *next;
}

}  // namespace

RoutingTable::RoutingTable(const NodeId& own, Scope scope)
    : own_(own), scope_(scope), buckets_(1) {}

std::size_t RoutingTable::index_of(const NodeId& id) const {
  return std::min(common_bits(own_, id), buckets_.size() - 1);
}

Node* RoutingTable::find(const Address& address) {
  for (Bucket& bucket : buckets_) {
    for (Node& node : bucket.nodes) {
      if (node.contact.address == address) return &node;
    }
  }
  return nullptr;
}

bool RoutingTable::contains(const Contact& contact) const {
  const auto& nodes = buckets_[index_of(contact.id)].nodes;
  return std::any_of(nodes.begin(), nodes.end(),
                     [&](const Node& node) { return node.contact == contact; });
}

bool RoutingTable::quota_allows(const Contact& contact) const {
  const Address host = host_in(contact.address, scope_);
  const Prefix prefix = prefix_of(contact.address);
  std::size_t in_prefix = 0;
  for (const Bucket& bucket : buckets_) {
    for (const Node& node : bucket.nodes) {
      if (node.contact.id == contact.id) return false;
      if (host_in(node.contact.address, scope_) == host) return false;
      if (prefix_of(node.contact.address) == prefix) ++in_prefix;
    }
  }
  return in_prefix < kNodesPerPrefix || !counts_by_prefix(contact.address, scope_);
}

RoutingTable::Added RoutingTable::on_answered(Instant now, const Contact& contact) {
  if (contact.id == own_) return Added::refused;
  if (Node* known = find(contact.address); known != nullptr) {
    if (known->contact.id == contact.id) {
      known->heard = known->tested = now;
      move_along(*known, NodeTrigger::answered);
      return Added::known;
    }
    remove(contact.address);
  }
  return insert({contact, NodeState::good, now, now, conforms(contact.id, contact.address)});
}

RoutingTable::Added RoutingTable::insert(const Node& node) {
  if (!quota_allows(node.contact)) return Added::refused;
  for (;;) {
    const std::size_t index = index_of(node.contact.id);
    Bucket& bucket = buckets_[index];
    if (bucket.nodes.size() < kBucketNodes) {
      bucket.nodes.push_back(node);
      return Added::added;
    }
    const auto loser = who_gives_way(bucket.nodes, node.conforming);
    if (loser != bucket.nodes.end()) {
      *loser = node;
      return Added::added;
    }
    if (index + 1 < buckets_.size() || buckets_.size() == kIdBits) {
      cache(bucket, node);
      return Added::cached;
    }
    split_last();
  }
}

void RoutingTable::split_last() {
  Bucket last = std::move(buckets_.back());
  buckets_.back() = {};
  buckets_.emplace_back();
  for (const Node& node : last.nodes) buckets_[index_of(node.contact.id)].nodes.push_back(node);
  for (const Node& node : last.replacements) cache(buckets_[index_of(node.contact.id)], node);
}

void RoutingTable::cache(Bucket& bucket, const Node& node) {
  auto& waiting = bucket.replacements;
  const auto host = host_in(node.contact.address, scope_);
  std::erase_if(waiting, [&](const Node& each) {
    return each.contact.id == node.contact.id || host_in(each.contact.address, scope_) == host;
  });
  if (waiting.size() == kReplacements) waiting.erase(waiting.begin());
  waiting.push_back(node);
}

void RoutingTable::on_asked(Instant now, const Contact& contact) {
  Node* known = find(contact.address);
  if (known == nullptr || known->contact.id != contact.id) return;
  if (known->state != NodeState::bad) known->heard = now;
  move_along(*known, NodeTrigger::asked);
}

bool RoutingTable::on_slow(Instant now, const Address& address) {
  Node* known = find(address);
  if (known == nullptr) return false;
  known->tested = now;
  return true;
}

void RoutingTable::on_silent(Instant now, const Address& address) {
  Node* known = find(address);
  if (known == nullptr) return;
  known->tested = now;
  move_along(*known, NodeTrigger::silent);
  if (known->state == NodeState::bad) promote(buckets_[index_of(known->contact.id)]);
}

// The one heard of last takes the place of a bad one.
void RoutingTable::promote(Bucket& bucket) {
  const auto bad = std::find_if(bucket.nodes.begin(), bucket.nodes.end(),
                                [](const Node& node) { return node.state == NodeState::bad; });
  if (bad == bucket.nodes.end()) return;
  while (!bucket.replacements.empty()) {
    const Node next = bucket.replacements.back();
    bucket.replacements.pop_back();
    if (!quota_allows(next.contact)) continue;
    *bad = next;
    return;
  }
}

void RoutingTable::on_id_changed(const Address& address) { remove(address); }

void RoutingTable::remove(const Address& address) {
  for (Bucket& bucket : buckets_) {
    std::erase_if(bucket.nodes, [&](const Node& node) { return node.contact.address == address; });
  }
}

void RoutingTable::age(Instant now) {
  for (Bucket& bucket : buckets_) {
    for (Node& node : bucket.nodes) {
      if (node.heard + kGoodFor <= now) move_along(node, NodeTrigger::elapsed);
    }
  }
}

bool RoutingTable::wants(const Contact& contact) const {
  if (contact.id == own_ || !quota_allows(contact)) return false;
  const std::size_t index = index_of(contact.id);
  const auto& nodes = buckets_[index].nodes;
  // The last one would be split until only those as near as it are in its way.
  const bool last = index + 1 == buckets_.size();
  const std::size_t nearness = common_bits(own_, contact.id);
  const bool conforming = conforms(contact.id, contact.address);
  std::size_t rivals = 0;
  for (const Node& node : nodes) {
    if (last && common_bits(own_, node.contact.id) != nearness) continue;
    if (node.state == NodeState::bad || (conforming && !node.conforming)) return true;
    ++rivals;
  }
  return rivals < kBucketNodes;
}

std::vector<Contact> RoutingTable::closest(const NodeId& target, std::size_t count) const {
  struct Ranked {
    bool doubtful;
    bool conforming;
    NodeId distance;
    const Node* node;
  };
  std::vector<Ranked> ranked;
  for (const Bucket& bucket : buckets_) {
    for (const Node& node : bucket.nodes) {
      if (node.state == NodeState::bad) continue;
      ranked.push_back(
          {node.doubtful(), node.conforming, distance(node.contact.id, target), &node});
    }
  }
  std::sort(ranked.begin(), ranked.end(), [](const Ranked& a, const Ranked& b) {
    if (a.doubtful != b.doubtful) return b.doubtful;
    if (a.conforming != b.conforming) return a.conforming;
    return a.distance < b.distance;
  });
  std::vector<Contact> result;
  std::map<Prefix, std::size_t> prefixes;
  for (const Ranked& each : ranked) {
    if (result.size() == count) break;
    const Address& address = each.node->contact.address;
    if (counts_by_prefix(address, scope_) &&
        ++prefixes[prefix_of(address)] > kCandidatesPerPrefix) {
      continue;
    }
    result.push_back(each.node->contact);
  }
  return result;
}

std::optional<Contact> RoutingTable::stalest(Instant since) const {
  const Node* stalest = nullptr;
  bool waited_for = false;
  for (const Bucket& bucket : buckets_) {
    const bool waiting = !bucket.replacements.empty();
    for (const Node& node : bucket.nodes) {
      const Instant last = std::max(node.heard, node.tested);
      if (node.state == NodeState::bad || last > since) continue;
      const bool questioned = waiting && node.state == NodeState::questionable;
      if (stalest == nullptr || (questioned && !waited_for) ||
          (questioned == waited_for && last < std::max(stalest->heard, stalest->tested))) {
        stalest = &node;
        waited_for = questioned;
      }
    }
  }
  if (stalest == nullptr) return std::nullopt;
  return stalest->contact;
}

std::vector<Contact> RoutingTable::best(std::size_t count) const { return sorted(count, false); }
std::vector<Contact> RoutingTable::bad(std::size_t count) const { return sorted(count, true); }

std::vector<Contact> RoutingTable::sorted(std::size_t count, bool bad) const {
  std::vector<const Node*> nodes;
  for (const Bucket& bucket : buckets_) {
    for (const Node& node : bucket.nodes) {
      if ((node.state == NodeState::bad) == bad) nodes.push_back(&node);
    }
  }
  std::stable_sort(nodes.begin(), nodes.end(), [](const Node* a, const Node* b) {
    if (a->conforming != b->conforming) return a->conforming;
    return a->heard > b->heard;
  });
  std::vector<Contact> result;
  for (const Node* node : nodes) {
    if (result.size() == count) break;
    result.push_back(node->contact);
  }
  return result;
}

void RoutingTable::rehome(const NodeId& own) {
  std::vector<Bucket> old(1);
  old.swap(buckets_);
  own_ = own;
  for (const Bucket& bucket : old) {
    for (const Node& node : bucket.nodes) {
      if (node.contact.id != own_) insert(node);
    }
  }
}

std::size_t RoutingTable::size() const {
  std::size_t size = 0;
  for (const Bucket& bucket : buckets_) size += bucket.nodes.size();
  return size;
}

std::size_t RoutingTable::usable() const {
  std::size_t usable = 0;
  for (const Bucket& bucket : buckets_) {
    usable += static_cast<std::size_t>(std::count_if(
        bucket.nodes.begin(), bucket.nodes.end(),
        [](const Node& node) { return node.state != NodeState::bad && !node.doubtful(); }));
  }
  return usable;
}

void RoutingTable::check_invariants() const {
  std::set<Address> hosts;
  std::set<NodeId> ids;
  std::multiset<Prefix> prefixes;
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    KITH_CHECK(buckets_[i].nodes.size() <= kBucketNodes);
    KITH_CHECK(buckets_[i].replacements.size() <= kReplacements);
    for (const Node& node : buckets_[i].nodes) {
      KITH_CHECK(index_of(node.contact.id) == i && node.contact.id != own_);
      KITH_CHECK(hosts.insert(host_in(node.contact.address, scope_)).second);
      KITH_CHECK(ids.insert(node.contact.id).second);
      if (counts_by_prefix(node.contact.address, scope_)) {
        const Prefix prefix = prefix_of(node.contact.address);
        prefixes.insert(prefix);
        KITH_CHECK(prefixes.count(prefix) <= kNodesPerPrefix);
      }
    }
  }
}

}  // namespace kith::dht
